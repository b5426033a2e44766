exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { "x-a": "b" }, cookies: ["c=d"] });
  http.write("<p>body</p>");
  http.end();
});
