exports.handler = (event, context, callback) => callback(null, { by: "callback" });
