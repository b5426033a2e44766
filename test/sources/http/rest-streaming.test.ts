/** REST APIs whose integrations stream: answers go out while the function writes them, and end as AWS ends them. */
import { Doors, HEAD, type Answer } from "./fixture.js";

const uri = (name: string): string =>
  `!Sub "arn:aws:apigateway:\${AWS::Region}:lambda:path/2021-11-15/functions/\${${name}.Arn}/response-streaming-invocations"`;

const TEMPLATE = `${HEAD}
Resources:
  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: Prod } }
  Stream:
    Type: AWS::Serverless::Function
    Properties:
      Handler: stream.handler
      Events:
        Any: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: "/{kind}", Method: GET, ResponseTransferMode: STREAM } }
        Late: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /late, Method: GET, ResponseTransferMode: STREAM, TimeoutInMillis: 300 } }
        Slow: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /slow, Method: GET, ResponseTransferMode: STREAM, TimeoutInMillis: 3000 } }
        Whole: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /whole, Method: GET } }
  Plain:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      Events: { Plain: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /plain, Method: GET, ResponseTransferMode: STREAM } } }
  Document:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody:
        openapi: "3.0.1"
        paths:
          "/{kind}": { get: { x-amazon-apigateway-integration: { type: aws_proxy, httpMethod: POST, responseTransferMode: STREAM, uri: ${uri("Stream")} } } }
  Old: { Type: AWS::ApiGateway::RestApi, Properties: { Name: old } }
  OldStage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Old, StageName: v1 } }
  OldKind: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Old, ParentId: !GetAtt Old.RootResourceId, PathPart: "{kind}" } }
  OldMethod: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Old, ResourceId: !Ref OldKind, HttpMethod: GET, AuthorizationType: NONE, Integration: { Type: AWS_PROXY, IntegrationHttpMethod: POST, ResponseTransferMode: STREAM, Uri: ${uri("Stream")} } } }
`;

const STREAM = `
const wait = (ms) => new Promise((wake) => setTimeout(wake, ms));
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const { kind = event.path.slice(1) } = event.pathParameters ?? {};
  if (kind === "fail") throw new Error("before the first byte");
  if (kind === "bare") { stream.write("no prelude"); stream.end(); return; }
  if (kind === "typed") { stream.setContentType("text/plain"); stream.write('{"statusCode":200}' + "\\0".repeat(8) + "by hand"); stream.end(); return; }
  if (kind === "late") await wait(9000);
  const prelude = kind === "wrong" ? { statusCode: "many" } : { statusCode: 201, headers: { "x-a": "1", Date: "mine" }, multiValueHeaders: { "X-B": ["1", "2"] }, cookies: ["a=1", "b=2"] };
  const http = awslambda.HttpResponseStream.from(stream, prelude);
  http.write(Buffer.from([0xff, 0x00]));
  if (kind === "slow") await wait(9000);
  await wait(20);
  if (kind === "cut") throw new Error("in the middle");
  http.end("end");
});`;

let doors: Doors;
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE, { "code/stream.js": STREAM });
});
afterAll(() => doors.close());

const get = (path: string, api = "Rest"): Promise<Answer> => doors.send(api, path);

test.each(["Rest", "Document", "Old"])("%s streams head, cookies and bytes as they are", async (api) => {
  const answer = await get("/good", api);
  expect(answer).toMatchObject({
    status: 201,
    headers: {
      "content-type": "application/json",
      "x-a": "1",
      "x-b": "1, 2",
      "x-amzn-remapped-date": "mine",
      "set-cookie": ["a=1", "b=2"],
      "transfer-encoding": "chunked",
    },
  });
  expect(answer.headers["x-amzn-requestid"]).toMatch(/^[0-9a-f-]{36}$/);
  expect([...answer.body]).toEqual([0xff, 0, ...Buffer.from("end")]);
});

test("a prelude that the handler writes by hand is one too", async () => {
  expect(await get("/typed")).toMatchObject({ status: 200, text: "by hand" });
});

test.each([
  ["a function that fails before the first byte", "/fail"],
  ["a stream without a prelude", "/bare"],
  ["a prelude that is malformed", "/wrong"],
  ["a function that does not stream", "/plain"],
])("%s is refused with 502", async (_, path) => {
  expect(await get(path)).toMatchObject({ status: 502, text: '{"message":"Internal server error"}' });
});

test("a function that fails, or is late, after the first byte has its connection cut", async () => {
  await expect(get("/cut")).rejects.toThrow(/aborted|hang up|reset/i);
  await expect(get("/slow")).rejects.toThrow(/aborted|hang up|reset/i);
});

test("a function that writes nothing in time is given up", async () => {
  expect(await get("/late")).toMatchObject({ status: 504, text: '{"message":"Endpoint request timed out"}' });
});

test("an integration that is not told to stream takes a stream for a malformed answer", async () => {
  expect((await get("/whole")).status).toBe(502);
});
