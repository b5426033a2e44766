exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  await new Promise((resolve) => stream.write("some bytes", resolve));
  if (event.hang) await new Promise((resolve) => setTimeout(resolve, 20000));
  process.exit(3);
});
