exports.handler = (event, context, callback) => callback(null, "old style");
