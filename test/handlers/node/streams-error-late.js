exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("some bytes");
  await new Promise((resolve) => setTimeout(resolve, 5));
  throw new RangeError("in the middle");
});
