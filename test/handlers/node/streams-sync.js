exports.handler = awslambda.streamifyResponse((event, stream) => {
  stream.write("x");
});
