/** Services behind REST APIs: by action and by path, through to what they keep. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { found } from "../../../until.js";
import { Doors, HEAD, type Answer } from "../fixture.js";

/** Another server: it tells what it got, and answers as it is told. */
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
    const status = Number(new URL(url ?? "/", "http://x").searchParams.get("status") ?? 200);
    if (status === 0) request.socket.destroy();
    else if (status > 1)
      response.writeHead(status, { "Content-Type": "text/plain", "X-Own": "1" }).end(`gave ${String(status)}`);
  });
});

const action = (service: string, name: string): string =>
  `!Sub "arn:aws:apigateway:\${AWS::Region}:${service}:action/${name}"`;
const integration = (uri: string, rest: string): string =>
  `{ x-amazon-apigateway-integration: { type: aws, httpMethod: POST, credentials: "arn:aws:iam::000000000000:role/r", uri: ${uri}, ${rest} } }`;
const DEFAULT = 'responses: { default: { statusCode: "200" } }';

const template = (port: number): string => `${HEAD}
Resources:
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  News: { Type: AWS::SQS::Queue, Properties: { QueueName: news } }
  Subscription: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref Topic, Protocol: sqs, Endpoint: !GetAtt News.Arn, RawMessageDelivery: true } }
  Table: { Type: AWS::DynamoDB::Table, Properties: { TableName: items, BillingMode: PAY_PER_REQUEST, AttributeDefinitions: [{ AttributeName: id, AttributeType: S }], KeySchema: [{ AttributeName: id, KeyType: HASH }] } }
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: files } }
  Machine: { Type: AWS::Serverless::StateMachine, Properties: { Name: machine, Type: EXPRESS, Definition: { StartAt: A, States: { A: { Type: Pass, End: true } } } } }
  Rule: { Type: AWS::Events::Rule, Properties: { EventPattern: { source: [shop] }, Targets: [{ Id: q, Arn: !GetAtt News.Arn, InputPath: $.detail }] } }
  Secret: { Type: AWS::SecretsManager::Secret, Properties: { Name: key, SecretString: "s3cret" } }
  Other: { Type: AWS::Serverless::HttpApi, Properties: { DefinitionBody: { openapi: "3.0.1", paths: { "/there/{x}": { get: { x-amazon-apigateway-integration: { type: http_proxy, httpMethod: GET, uri: "http://127.0.0.1:${port}/{x}", payloadFormatVersion: "1.0" } } } } } } }
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      BinaryMediaTypes: [image/png]
      DefinitionBody:
        openapi: "3.0.1"
        paths:
          /sqs: { post: ${integration('!Sub "arn:aws:apigateway:${AWS::Region}:sqs:path/${AWS::AccountId}/orders"', `requestParameters: { integration.request.header.Content-Type: "'application/x-www-form-urlencoded'" }, requestTemplates: { application/json: "Action=SendMessage&MessageBody=$util.urlEncode($input.body)&MessageAttribute.1.Name=who&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=$context.identity.sourceIp" }, responses: { default: { statusCode: "200" }, "4\\\\d{2}": { statusCode: "400", responseTemplates: { application/json: '{"failed":true}' } } }`)} }
          /sns: { post: ${integration(action("sns", "Publish"), `requestParameters: { integration.request.querystring.TopicArn: !Sub "'\${Topic}'", integration.request.querystring.Message: method.request.body.text }, ${DEFAULT}`)} }
          "/items/{id}":
            put: ${integration(action("dynamodb", "PutItem"), `requestTemplates: { application/json: '{"TableName":"items","Item":{"id":{"S":"$input.params("id")"},"n":{"N":"$input.path("$.n")"}}}' }, responses: { default: { statusCode: "201", responseTemplates: { application/json: "{}" } }, "400": { statusCode: "422", responseTemplates: { application/json: '{"why":"$input.path("$.message")"}' } } }`)}
            get: ${integration(action("dynamodb", "GetItem"), `requestTemplates: { application/json: '{"TableName":"items","Key":{"id":{"S":"$input.params("id")"}}}' }, responses: { default: { statusCode: "200", responseTemplates: { application/json: '#set($item = $input.path("$.Item"))#if($item != ""){"n": $item.n.N}#else#set($context.responseOverride.status = 404){}#end' } } }`)}
          /runs: { post: ${integration(action("states", "StartSyncExecution"), `requestTemplates: { application/json: !Sub '{"stateMachineArn":"\${Machine}","input":"$util.escapeJavaScript($input.json("$"))"}' }, responses: { default: { statusCode: "200", responseTemplates: { application/json: "$util.parseJson($input.json('$.output'))" } } }`)} }
          /events: { post: ${integration(action("events", "PutEvents"), `requestTemplates: { application/json: '{"Entries":[{"Source":"shop","DetailType":"Order","Detail":"$util.escapeJavaScript($input.json("$"))"}]}' }, ${DEFAULT}`)} }
          /secret: { get: ${integration(action("secretsmanager", "GetSecretValue"), `requestTemplates: { application/json: '{"SecretId":"key"}' }, responses: { default: { statusCode: "200", responseTemplates: { application/json: "$input.path('$.SecretString')" } } }`)} }
          "/files/{key}":
            put: { x-amazon-apigateway-integration: { type: aws, httpMethod: PUT, uri: "arn:aws:apigateway:us-east-1:s3:path/files/{key}", requestParameters: { integration.request.path.key: method.request.path.key, integration.request.header.Content-Type: method.request.header.Content-Type }, responses: { default: { statusCode: "201", responseParameters: { method.response.header.X-Tag: integration.response.header.ETag } } } } }
            get: { x-amazon-apigateway-integration: { type: aws, httpMethod: GET, uri: "arn:aws:apigateway:us-east-1:files.s3:path/{key}", requestParameters: { integration.request.path.key: method.request.path.key }, responses: { default: { statusCode: "200", responseParameters: { method.response.header.Content-Type: integration.response.header.Content-Type } }, "404": { statusCode: "404", responseTemplates: { application/json: gone } } } } }
          /http: { post: { x-amazon-apigateway-integration: { type: http, httpMethod: PUT, uri: "http://127.0.0.1:${port}/in/{who}", timeoutInMillis: 5000, requestParameters: { integration.request.path.who: method.request.querystring.who, integration.request.querystring.status: method.request.header.X-Status, integration.request.header.X-Stage: context.stage }, requestTemplates: { application/json: '{"wrapped": $input.json("$")}' }, responses: { default: { statusCode: "200" }, "4..": { statusCode: "444", responseTemplates: { application/json: '{"said": "$input.body"}' } } } } } }
          "/proxy/{proxy+}": { x-amazon-apigateway-any-method: { x-amazon-apigateway-integration: { type: http_proxy, httpMethod: ANY, uri: "http://127.0.0.1:${port}/{proxy}", timeoutInMillis: 5000, requestParameters: { integration.request.path.proxy: method.request.path.proxy, integration.request.header.X-More: "'more'" } } } }
          /slow: { get: { x-amazon-apigateway-integration: { type: http_proxy, httpMethod: GET, uri: "http://127.0.0.1:${port}/?status=1", timeoutInMillis: 50 } } }
          "/own/{x}": { get: { x-amazon-apigateway-integration: { type: http_proxy, httpMethod: GET, uri: !Sub "https://\${Other}.execute-api.\${AWS::Region}.amazonaws.com/there/{x}", requestParameters: { integration.request.path.x: method.request.path.x } } } }
          /link: { get: { x-amazon-apigateway-integration: { type: http_proxy, httpMethod: GET, uri: "http://10.0.0.1/", connectionType: VPC_LINK, connectionId: x } } }
`;

let doors: Doors;
beforeAll(async () => {
  await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve));
  doors = await Doors.open(template((outside.address() as AddressInfo).port));
});
afterAll(async () => {
  await doors.close();
  outside.close();
});

const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  doors.send("Api", path, {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
  });
const received = async (queue: string): Promise<unknown[]> =>
  (await doors.stack.sqs.receive(queue, 1)).map(({ body }) => JSON.parse(body) as unknown);

test("SQS by path keeps the message, and answers in JSON as AWS does", async () => {
  const answer = await send("POST", "/sqs", { order: "a&b=c" });
  expect(answer).toMatchObject({ status: 200, headers: { "content-type": "application/json" } });
  expect(JSON.parse(answer.text)).toMatchObject({
    SendMessageResponse: { SendMessageResult: { MessageId: expect.any(String) as string }, ResponseMetadata: {} },
  });
  expect(await received("Queue")).toEqual([{ order: "a&b=c" }]);
});

test("an error of the service chooses its response by status", async () => {
  expect(await doors.send("Api", "/sqs", { method: "POST" })).toMatchObject({ status: 400, text: '{"failed":true}' });
  const bad = await send("PUT", "/items/1", { n: "no number" });
  expect(bad.status).toBe(422);
  expect(JSON.parse(bad.text)).toEqual({ why: expect.stringContaining("number") as string });
});

test("SNS by action takes its parameters from the query", async () => {
  const answer = await send("POST", "/sns", { text: '{"hello":1}' });
  expect(JSON.parse(answer.text)).toMatchObject({
    PublishResponse: { PublishResult: { MessageId: expect.any(String) as string } },
  });
  expect(await received("News")).toEqual([{ hello: 1 }]);
});

test("DynamoDB by action writes, reads, and finds nothing", async () => {
  expect(await send("PUT", "/items/7", { n: 41 })).toMatchObject({ status: 201, text: "{}" });
  expect(await send("GET", "/items/7")).toMatchObject({ status: 200, text: '{"n": 41}' });
  expect(await send("GET", "/items/8")).toMatchObject({ status: 404, text: "{}" });
  expect(await doors.stack.dynamodb.get("Table", { id: "7" })).toEqual({ id: "7", n: 41 });
});

test("Step Functions, EventBridge and Secrets Manager by action", async () => {
  const run = await send("POST", "/runs", { a: ["it", { b: 1 }] });
  expect(run).toMatchObject({ status: 200, text: '{"a":["it",{"b":1}]}' });
  expect(JSON.parse((await send("POST", "/events", { order: 3 })).text)).toMatchObject({ FailedEntryCount: 0 });
  expect(await found(async () => (await received("News"))[0])).toEqual({ order: 3 });
  expect(await send("GET", "/secret")).toMatchObject({ status: 200, text: "s3cret" });
});

test("S3 by path keeps bytes that are declared binary, and others as text", async () => {
  const bytes = Buffer.from([0x89, 0x50, 0xff, 0x00]);
  const put = await send("PUT", "/files/a%20(1).png", bytes, { "content-type": "image/png" });
  expect(put).toMatchObject({ status: 201, headers: { "x-tag": expect.stringMatching(/^"[0-9a-f]{32}"$/) as string } });
  expect(await doors.stack.s3.get("Bucket", "a (1).png")).toEqual(bytes);
  const get = (accept: string): Promise<Answer> => send("GET", "/files/a%20(1).png", undefined, { accept });
  expect(await get("image/png")).toMatchObject({ status: 200, body: bytes, headers: { "content-type": "image/png" } });
  expect((await get("*/*")).text).toBe(bytes.toString("base64"));
  expect(await send("GET", "/files/none")).toMatchObject({ status: 404, text: "gone" });
});

test("HTTP maps the request and the answer", async () => {
  expect(await send("POST", "/http?who=a%2Fb%20c", { x: 1 }, { "x-status": "200" })).toMatchObject({
    status: 200,
    text: "gave 200",
  });
  expect(told.at(-1)).toMatchObject({ method: "PUT", url: "/in/a/b%20c?status=200", body: '{"wrapped": {"x":1}}' });
  expect(told.at(-1)?.headers).toMatchObject({
    "x-stage": "v1",
    "user-agent": expect.stringMatching(/^AmazonAPIGateway_/) as string,
  });
  expect(told.at(-1)?.headers).not.toHaveProperty("x-status");
  expect(await send("POST", "/http?who=x", {}, { "x-status": "404" })).toMatchObject({
    status: 444,
    text: '{"said": "gave 404"}',
  });
});

test("HTTP_PROXY hands on the request, and the answer, status and headers and all", async () => {
  const answer = await send("PATCH", "/proxy/a/b?status=201&z=1", { x: 1 }, { "x-own": "mine" });
  expect(answer).toMatchObject({
    status: 201,
    text: "gave 201",
    headers: { "x-own": "1", "content-type": "text/plain" },
  });
  expect(told.at(-1)).toMatchObject({ method: "PATCH", url: "/a/b?status=201&z=1", body: '{"x":1}' });
  expect(told.at(-1)?.headers).toMatchObject({ "x-own": "mine", "x-more": "more", "x-forwarded-proto": "https" });
});

test("the URL of another API of the stack leads to it", async () => {
  expect(await send("GET", "/own/a")).toMatchObject({ status: 200, text: "gave 200" });
  expect(told.at(-1)?.url).toBe("/a");
});

test("a server that hangs up or does not answer in time is 504, and a VPC link 501 by name", async () => {
  expect(await send("GET", "/proxy/x?status=0")).toMatchObject({
    status: 504,
    text: '{"message":"Network error communicating with endpoint"}',
  });
  expect(await send("GET", "/slow")).toMatchObject({ status: 504, text: '{"message":"Endpoint request timed out"}' });
  expect(await send("GET", "/link")).toMatchObject({
    status: 501,
    text: expect.stringContaining("VPC link") as string,
  });
});
