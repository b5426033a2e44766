exports.handler = (event, context, callback) => void setTimeout(() => callback(null, "later"), 20);
