exports.handler = awslambda.streamifyResponse((event, stream) => {
  stream.end("x");
});
