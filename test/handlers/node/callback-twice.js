exports.handler = (event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  context.succeed("first");
  context.succeed("second");
};
