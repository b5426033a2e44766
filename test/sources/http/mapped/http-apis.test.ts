/** HTTP APIs that call services themselves, and other servers with mapped parameters. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { found } from "../../../until.js";
import { Doors, HEAD, type Answer } from "../fixture.js";

const told: {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage["headers"];
  body: string;
}[] = [];
const outside = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method, url, headers } = request;
    told.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
    const status = Number(request.headers["x-status"] ?? 200);
    if (status === 0) request.socket.destroy();
    else
      response
        .writeHead(status, { "Content-Type": "application/json", Server: "own", "X-Own": "1", "X-Secret": "2" })
        .end('{"why":"so"}');
  });
});

const service = (name: string, subtype: string, parameters: string): string => `
  ${name}: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationSubtype: ${subtype}, CredentialsArn: "arn:aws:iam::000000000000:role/r", PayloadFormatVersion: "1.0", RequestParameters: ${parameters} } }
  ${name}Route: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: "POST /${name}", Target: !Sub "integrations/\${${name}}" } }`;

const template = (url: string): string => `${HEAD}
Resources:
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  News: { Type: AWS::SQS::Queue, Properties: { QueueName: news } }
  Stream: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Reader: { Type: AWS::Serverless::Function, Properties: { Handler: reader.handler, Events: { S: { Type: Kinesis, Properties: { Stream: !GetAtt Stream.Arn, StartingPosition: TRIM_HORIZON } } } } }
  Machine: { Type: AWS::Serverless::StateMachine, Properties: { Name: machine, Type: EXPRESS, Definition: { StartAt: A, States: { A: { Type: Pass, End: true } } } } }
  Long: { Type: AWS::Serverless::StateMachine, Properties: { Name: long, Definition: { StartAt: A, States: { A: { Type: Wait, Seconds: 3600, End: true } } } } }
  Rule: { Type: AWS::Events::Rule, Properties: { EventPattern: { source: [shop] }, Targets: [{ Id: q, Arn: !GetAtt News.Arn, InputPath: $.detail }] } }
  Api: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: api, ProtocolType: HTTP } }
  Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Api, StageName: $default, StageVariables: { color: blue } } }
  ${service("send", "SQS-SendMessage", `{ QueueUrl: !Ref Queue, MessageBody: $request.body, MessageAttributes: '{"who":{"DataType":"String","StringValue":"\${request.header.x-who} at \${context.stage}"}}' }`)}
  ${service("receive", "SQS-ReceiveMessage", "{ QueueUrl: !Ref Queue, MessageAttributeNames: All }")}
  ${service("delete", "SQS-DeleteMessage", "{ QueueUrl: !Ref Queue, ReceiptHandle: $request.body.handle }")}
  ${service("purge", "SQS-PurgeQueue", "{ QueueUrl: !Ref Queue }")}
  ${service("put", "EventBridge-PutEvents", "{ Source: shop, DetailType: $request.querystring.type, Detail: $request.body.detail }")}
  ${service("record", "Kinesis-PutRecord", "{ StreamName: clicks, Data: $request.body.data, PartitionKey: $request.body.key }")}
  ${service("sync", "StepFunctions-StartSyncExecution", "{ StateMachineArn: !Ref Machine, Input: $request.body.input }")}
  ${service("start", "StepFunctions-StartExecution", "{ StateMachineArn: !Ref Long, Name: $request.body.name, Input: '{}' }")}
  ${service("stop", "StepFunctions-StopExecution", "{ ExecutionArn: $request.body.arn, Cause: enough }")}
  ${service("config", "AppConfig-GetConfiguration", "{ Application: a, Environment: b, Configuration: c, ClientId: d }")}
  Proxy:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: HTTP_PROXY
      IntegrationMethod: ANY
      IntegrationUri: ${url}/base/{proxy}
      PayloadFormatVersion: "1.0"
      RequestParameters: { "append:header.X-List": "$request.querystring.more", "overwrite:header.X-Color": "$stageVariables.color", "remove:header.X-Gone": "''", "overwrite:querystring.id": "\${request.path.proxy}-\${request.body.n}", "remove:querystring.more": "''" }
      ResponseParameters:
        "404": { ResponseParameters: [{ Destination: "overwrite:statuscode", Source: "418" }, { Destination: "remove:header.X-Secret", Source: "''" }, { Destination: "append:header.X-Own", Source: "$response.body.why" }, { Destination: "overwrite:header.X-Stage", Source: "$context.stage" }] }
  ProxyRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: "ANY /proxy/{proxy+}", Target: !Sub "integrations/\${Proxy}" } }
  Moved: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Api, IntegrationType: HTTP_PROXY, IntegrationMethod: GET, IntegrationUri: "${url}/old", PayloadFormatVersion: "1.0", RequestParameters: { "overwrite:path": "/new\${request.path}" } } }
  MovedRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: "GET /moved", Target: !Sub "integrations/\${Moved}" } }
  Quick: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: quick, ProtocolType: HTTP, RouteKey: GET /quick, Target: "${url}/made" } }
  Document:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody:
        openapi: "3.0.1"
        paths:
          /orders: { post: { x-amazon-apigateway-integration: { type: aws_proxy, integrationSubtype: SQS-SendMessage, payloadFormatVersion: "1.0", requestParameters: { QueueUrl: !Ref Queue, MessageBody: $request.body.text } } } }
          /away: { get: { x-amazon-apigateway-integration: { type: http_proxy, httpMethod: GET, uri: "${url}/away", payloadFormatVersion: "1.0", responseParameters: { "200": { "overwrite:header.X-Own": "$response.header.x-secret" } } } } }
`;

let doors: Doors;
const lines: string[] = [];
beforeAll(async () => {
  await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve));
  const { port } = outside.address() as AddressInfo;
  const reader =
    "exports.handler = async (event) => console.log('read ' + Buffer.from(event.Records[0].kinesis.data, 'base64'));";
  doors = await Doors.open(
    template(`http://127.0.0.1:${port}`),
    { "code/reader.js": reader },
    { onLog: (_, line) => lines.push(line) },
  );
});
afterAll(async () => {
  await doors.close();
  outside.close();
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}, api = "Api"): Promise<Answer> =>
  doors.send(api, path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const json = (answer: Answer): Record<string, string> => JSON.parse(answer.text) as Record<string, string>;

test("SQS: sent with attributes, received, deleted, purged; the answer is the service's own XML", async () => {
  const sent = await post("/send", { order: 1 }, { "x-who": "ann" });
  expect(sent).toMatchObject({ status: 200, headers: { "content-type": "text/xml" } });
  expect(sent.text).toMatch(/<SendMessageResponse .*<MessageId>/s);
  const got = await post("/receive", {});
  expect(got.text).toContain("<Body>{&quot;order&quot;:1}</Body>");
  expect(got.text).toContain("<StringValue>ann at $default</StringValue>");
  const handle = /<ReceiptHandle>(.+)<\/ReceiptHandle>/.exec(got.text)?.[1] ?? "";
  expect(await post("/delete", { handle })).toMatchObject({ status: 200 });
  expect(await doors.stack.sqs.depth("Queue")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  await post("/send", { order: 2 });
  expect(await post("/purge", {})).toMatchObject({ status: 200 });
  expect(await doors.stack.sqs.depth("Queue")).toMatchObject({ visible: 0 });
});

test("what a service refuses is the answer, and a parameter that is missing 400", async () => {
  expect(await post("/delete", { handle: "none" })).toMatchObject({
    status: 404,
    text: expect.stringContaining("ReceiptHandleIsInvalid") as string,
  });
  const deep = `{"handle":${"[".repeat(45_000)}${"]".repeat(45_000)}}`;
  const headers = { "content-type": "application/json" };
  expect(await doors.send("Api", "/delete", { method: "POST", headers, body: deep })).toMatchObject({
    status: 500,
    headers: { "apigw-requestid": expect.any(String) as string },
  });
  expect(await post("/delete", {})).toMatchObject({ status: 400, text: '{"message":"Bad Request"}' });
});

test("EventBridge, Kinesis and Step Functions", async () => {
  expect(json(await post("/put?type=Order", { detail: { order: 3 } }))).toMatchObject({ FailedEntryCount: 0 });
  expect(await found(async () => (await doors.stack.sqs.receive("News", 1))[0]?.body)).toBe('{"order":3}');
  expect(json(await post("/record", { data: Buffer.from("hi").toString("base64"), key: "k" }))).toMatchObject({
    ShardId: "shardId-000000000000",
  });
  await found(() => lines.find((line) => line.includes("read hi")));
  expect(json(await post("/sync", { input: { a: 1 } }))).toMatchObject({ status: "SUCCEEDED", output: '{"a":1}' });
  const { executionArn } = json(await post("/start", { name: "one" }));
  expect(executionArn).toMatch(/:execution:long:one$/);
  expect(json(await post("/stop", { arn: executionArn }))).toHaveProperty("stopDate");
});

test("HTTP_PROXY with parameters appended, overwritten and removed, of the request and of the answer", async () => {
  const answer = await post(
    "/proxy/a/b?more=x&id=0&z=1",
    { n: 7 },
    { "x-list": "w", "x-gone": "1", "x-color": "red", "x-status": "404" },
  );
  expect(told.at(-1)).toMatchObject({ method: "POST", url: "/base/a/b?id=a%2Fb-7&z=1", body: '{"n":7}' });
  expect(told.at(-1)?.headers).toMatchObject({ "x-list": "w,x", "x-color": "blue" });
  expect(told.at(-1)?.headers).not.toHaveProperty("x-gone");
  expect(answer).toMatchObject({
    status: 418,
    text: '{"why":"so"}',
    headers: { "x-own": "1, so", "x-stage": "$default" },
  });
  expect(answer.headers).not.toHaveProperty("x-secret");
  const { headers } = await post("/proxy/a", {});
  // REST APIs have other names for the last of them, HTTP APIs do not.
  expect(headers).toMatchObject({ "x-secret": "2", "x-own": "1", server: "own" });
  expect(Object.keys(headers).filter((name) => name.includes("remapped"))).toEqual([]);
  await doors.send("Api", "/moved");
  expect(told.at(-1)?.url).toBe("/new/moved");
  expect(await doors.send("Quick", "/quick?a=1")).toMatchObject({ status: 200, text: '{"why":"so"}' });
  expect(told.at(-1)?.url).toBe("/made?a=1");
});

test("documents declare the same", async () => {
  expect(await post("/orders", { text: "from a document" }, {}, "Document")).toMatchObject({ status: 200 });
  expect((await doors.stack.sqs.receive("Queue", 1)).map(({ body }) => body)).toEqual(["from a document"]);
  expect(await doors.send("Document", "/away")).toMatchObject({ status: 200, headers: { "x-own": "2" } });
});

test("a server that hangs up is 503, and AppConfig 501 by name", async () => {
  expect(await post("/proxy/a", {}, { "x-status": "0" })).toMatchObject({
    status: 503,
    text: '{"message":"Service Unavailable"}',
  });
  expect(await post("/config", {})).toMatchObject({
    status: 501,
    text: expect.stringContaining("(AppConfig-GetConfiguration), which is not emulated") as string,
  });
});
