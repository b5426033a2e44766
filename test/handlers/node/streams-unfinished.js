exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("never ended");
});
