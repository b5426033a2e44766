exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  stream.setContentType("text/plain");
  stream.write("one ");
  await new Promise((resolve) => setTimeout(resolve, 5));
  stream.write(`two ${context.awsRequestId.length}`);
  stream.end();
});
