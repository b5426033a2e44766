exports.handler = awslambda.streamifyResponse(async () => {
  throw new Error("before the first byte");
});
