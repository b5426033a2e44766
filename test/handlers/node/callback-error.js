exports.handler = (event, context, callback) => callback(new RangeError("by callback"));
