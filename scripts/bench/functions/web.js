/** Behind an HTTP API: the body of the request as the body of the answer. */
exports.handler = async (event) => ({
  statusCode: 200,
  headers: { "content-type": "application/json" },
  body: event.body,
});
