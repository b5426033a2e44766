/** What a client has of a streamed answer whose function fails at once after its first bytes. */
import { get } from "node:http";
import { Doors, HEAD } from "./fixture.js";

const TEMPLATE = `${HEAD}
Resources:
  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: Prod } }
  Stream:
    Type: AWS::Serverless::Function
    Properties:
      Handler: stream.handler
      FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM }
      Events: { Any: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /any, Method: GET, ResponseTransferMode: STREAM } } }
`;
const STREAM = `
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
  http.write("the first part");
  throw new Error("no more");
});`;

let doors: Doors;
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE, { "code/stream.js": STREAM });
});
afterAll(() => doors.close());

interface Seen {
  readonly status: number | undefined;
  readonly text: string;
  readonly whole: boolean;
}

function receive(url: string): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      // The cut is the error; `complete` tells whether the end had come.
      response.on("error", () => undefined);
      response.on("close", () => resolve({ status: response.statusCode, text, whole: response.complete }));
    });
    request.on("error", reject);
  });
}

test.each([
  ["Stream", "/"],
  ["Rest", "/any"],
])("behind %s: the first part, and that it is not the whole", async (door, path) => {
  const seen: Seen[] = [];
  for (let left = 10; left > 0; left--) seen.push(await receive(`${doors.url(door)}${path}`));
  expect(seen).toEqual(seen.map(() => ({ status: 201, text: "the first part", whole: false })));
});
