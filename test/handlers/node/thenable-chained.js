exports.handler = () => ({ then: (resolve) => new Promise((done) => setTimeout(done, 5)).then(() => resolve("from a thenable")) });
