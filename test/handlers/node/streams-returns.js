exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.end("the stream");
  return "ignored";
});
