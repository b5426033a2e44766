exports.handler = awslambda.streamifyResponse(async ({ chunks }, stream) => {
  const chunk = Buffer.alloc(1024 * 1024, "x");
  for (let i = 0; i < chunks; i++) if (!stream.write(chunk)) await new Promise((resolve) => stream.once("drain", resolve));
  stream.end();
});
