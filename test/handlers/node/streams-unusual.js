/** Writes of the unusual kind. */
const streaming = (handler) => awslambda.streamifyResponse(handler);
const answering = (stream) => awslambda.HttpResponseStream.from(stream, { statusCode: 204 });

exports.values = streaming(async (event, stream) => {
  for (const value of [{ a: 1 }, ["b"], 5, new Uint8Array([67]), new Uint16Array([68]), Buffer.from("E")]) stream.write(value);
  stream.write("4647", "hex");
  stream.end("end");
});
exports.nothing = streaming(async (event, stream) => {
  stream.write(event);
});
exports.endsOnly = streaming(async (event, stream) => {
  answering(stream).end("body");
});
exports.writesEmpty = streaming(async (event, stream) => {
  const http = answering(stream);
  http.write("");
  http.end();
});
exports.context = streaming(async (event, stream, context) => {
  stream.write(Object.keys(context).slice(0, 2));
  stream.end();
});
exports.longError = streaming(async (event, stream) => {
  stream.write("begun");
  throw new Error("e".repeat(25_000));
});
