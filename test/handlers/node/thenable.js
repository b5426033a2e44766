exports.handler = () => ({ then: (resolve) => setTimeout(() => resolve("from a thenable"), 5) });
