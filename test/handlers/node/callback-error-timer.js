exports.handler = (event, context, callback) => {
  setTimeout(() => undefined, 60000);
  callback(new Error("at once"));
};
