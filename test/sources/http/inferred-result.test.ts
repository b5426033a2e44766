/** Results without a status, from runtimes that write JSON in other ways than Node's. */
import { answerFromV2 } from "../../../src/sources/http/result-v2.js";

const PYTHON = '{"hello": ["a  b", 3, 1.0],\n "quo\\"te: ": true}';

test.each([
  ["url", '{"hello":["a  b",3,1.0],"quo\\"te: ":true}'],
  ["http", PYTHON],
] as const)("the body that an answer of kind %s makes of them", (kind, body) => {
  const answer = answerFromV2(Buffer.from(PYTHON), kind);
  expect(answer).toMatchObject({ statusCode: 200, headers: [["content-type", "application/json"]] });
  expect(answer?.body.toString()).toBe(body);
});

test("a text keeps its spaces, and so does what is no JSON", () => {
  expect(answerFromV2(Buffer.from('"a  b"'), "url")?.body.toString()).toBe("a  b");
  expect(answerFromV2(Buffer.from("{ not JSON"), "url")?.body.toString()).toBe("{ not JSON");
});
