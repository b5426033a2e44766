exports.handler = (event, context, callback) => void callback.length;
