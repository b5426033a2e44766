/** What fires a function by the ARN of an alias or version runs that version, and the function is told so. */
import {
  DeleteFunctionEventInvokeConfigCommand,
  DeleteFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionUrlConfigsCommand,
} from "@aws-sdk/client-lambda";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT } from "../until.js";

const uri = (target: string): string =>
  `!Sub "arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/${target}/invocations"`;
const method = (resource: string, target: string): string =>
  `{ Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Rest, ResourceId: !Ref ${resource}, HttpMethod: GET, AuthorizationType: NONE, Integration: { Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: ${uri(target)} } } }`;
const folder = (name: string): string =>
  `{ Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Rest, ParentId: !GetAtt Rest.RootResourceId, PathPart: ${name} } }`;
const integration = (target: string): string =>
  `{ Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Http, IntegrationType: AWS_PROXY, PayloadFormatVersion: "2.0", IntegrationUri: ${target} } }`;
const route = (path: string, to: string): string =>
  `{ Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Http, RouteKey: "GET /${path}", Target: !Sub "integrations/\${${to}}" } }`;

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs22.x, CodeUri: code/, Handler: index.handler, Timeout: 10 } }
Resources:
  Fn: { Type: AWS::Serverless::Function, Properties: { FunctionName: fn, AutoPublishAlias: live } }
  Canary: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !Ref Fn, Name: canary, FunctionVersion: "1", RoutingConfig: { AdditionalVersionWeights: [{ FunctionVersion: "2", FunctionWeight: 1 }] } } }

  Sam:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: sam, AutoPublishAlias: live, Events: { Get: { Type: HttpApi, Properties: { Path: /, Method: GET } } } }
  Rest: { Type: AWS::ApiGateway::RestApi, Properties: { Name: rest } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Rest, StageName: dev, Variables: { alias: live } } }
  RestAlias: ${folder("alias")}
  RestAliasGet: ${method("RestAlias", "${Fn.Alias}")}
  RestWeights: ${folder("weights")}
  RestWeightsGet: ${method("RestWeights", "${Canary}")}
  RestVariable: ${folder("variable")}
  RestVariableGet: ${method("RestVariable", "${Fn.Arn}:${!stageVariables.alias}")}
  RestUnknown: ${folder("unknown")}
  RestUnknownGet: ${method("RestUnknown", "${Fn.Arn}:gone")}
  RestLatest: ${folder("latest")}
  RestLatestGet: ${method("RestLatest", "${Fn.Arn}:$LATEST")}
  RestPlain: ${folder("plain")}
  RestPlainGet: ${method("RestPlain", "${Fn.Arn}")}

  Http: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: http, ProtocolType: HTTP } }
  HttpStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Http, StageName: $default } }
  ToAlias: ${integration("!Ref Fn.Alias")}
  HttpAlias: ${route("alias", "ToAlias")}
  ToWeights: ${integration("!Ref Canary")}
  HttpWeights: ${route("weights", "ToWeights")}
  ToUnknown: ${integration("!Sub '${Fn.Arn}:gone'")}
  HttpUnknown: ${route("unknown", "ToUnknown")}

  Guard: { Type: AWS::Serverless::Function, Properties: { FunctionName: guard, Handler: index.guard, AutoPublishAlias: live } }
  Asks: { Type: AWS::ApiGatewayV2::Authorizer, Properties: { ApiId: !Ref Http, Name: asks, AuthorizerType: REQUEST, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, AuthorizerUri: ${uri("${Guard.Alias}")} } }
  HttpGuarded: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Http, RouteKey: GET /guarded, AuthorizationType: CUSTOM, AuthorizerId: !Ref Asks, Target: !Sub "integrations/\${ToAlias}" } }

  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Poll: { Type: AWS::Lambda::EventSourceMapping, Properties: { FunctionName: !Ref Canary, EventSourceArn: !GetAtt Inbox.Arn } }
  Landing: { Type: AWS::S3::Bucket, Properties: { BucketName: landing, NotificationConfiguration: { LambdaConfigurations: [{ Event: "s3:ObjectCreated:*", Function: !Ref Fn.Alias }] } } }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Heard: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: lambda, Endpoint: !Ref Fn.Alias } }
  Url: { Type: AWS::Lambda::Url, Properties: { TargetFunctionArn: !Ref Fn, Qualifier: canary, AuthType: NONE } }
  OfAlias: { Type: AWS::Lambda::EventInvokeConfig, Properties: { FunctionName: !Ref Fn, Qualifier: canary, MaximumRetryAttempts: 1, DestinationConfig: { OnSuccess: { Destination: !GetAtt Records.Arn } } } }
  OfFunction: { Type: AWS::Lambda::EventInvokeConfig, Properties: { FunctionName: !Ref Fn, Qualifier: $LATEST, MaximumRetryAttempts: 0 } }
  Records: { Type: AWS::SQS::Queue, Properties: { QueueName: records } }
  Source:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: source
      EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: Lambda, Destination: !Ref Fn.Alias } } }
`;
const CODE = `exports.handler = async (event, context) => {
  const told = { arn: context.invokedFunctionArn, version: context.functionVersion, variable: process.env.AWS_LAMBDA_FUNCTION_VERSION };
  return { statusCode: 200, body: JSON.stringify(told) };
};
exports.guard = async (event, context) => ({ isAuthorized: context.invokedFunctionArn.endsWith(":guard:live") && context.functionVersion === "1" });`;

interface Told {
  readonly arn: string;
  readonly version: string;
}
const told = (arn: string, version: string): Told & { readonly variable: string } => ({
  arn: `arn:aws:lambda:us-east-1:000000000000:function:fn${arn}`,
  version,
  variable: version,
});

let project: ProjectFolder;
let stack: TestStack;
let lambda: LambdaClient;
const notices: string[] = [];

beforeAll(async () => {
  project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": CODE });
  stack = await createStack({ folder: project.folder, onNotice: (text) => notices.push(text) });
  lambda = new LambdaClient(stack.clientConfig);
});
afterAll(async () => {
  lambda.destroy();
  await stack.close();
  project.remove();
});

const get = (api: string, path: string): Promise<Response> => {
  const door = stack.stack.doors.find(({ name }) => name === api);
  return fetch(`${door?.url.replace(/\/$/, "")}/${path}`);
};

test.each([
  ["Rest", "alias", told(":live", "1")],
  ["Rest", "weights", told(":canary", "2")],
  ["Rest", "variable", told(":live", "1")],
  ["Rest", "latest", told(":$LATEST", "$LATEST")],
  ["Rest", "plain", told("", "$LATEST")],
  ["Http", "alias", told(":live", "1")],
  ["Http", "weights", told(":canary", "2")],
])("%s API: the integration of /%s runs what it names", async (api, path, expected) => {
  expect(await (await get(api, path)).json()).toEqual(expected);
});

test("an authorizer runs what its address names", async () => {
  expect((await get("Http", "guarded")).status).toBe(200);
});

test("a SAM event runs the alias that SAM publishes", async () => {
  const expected = told(":live", "1");
  expect(await (await get("ServerlessHttpApi", "")).json()).toEqual({
    ...expected,
    arn: expected.arn.replace(":fn:", ":sam:"),
  });
});

test.each([
  ["Rest", "Internal server error"],
  ["Http", "Internal Server Error"],
])("%s API: an alias that is not there is 500, and told when the stack starts", async (api, message) => {
  const answer = await get(api, "unknown");
  expect([answer.status, await answer.json()]).toEqual([500, { message }]);
  const told = "Fn:gone is no version and no alias of the template: what names it fails until the Lambda API makes it.";
  await stack.waitFor(() => notices.includes(told), PATIENT);
  expect(notices.filter((notice) => notice.includes(" alias "))).toEqual([told]);
});

test("a call of createStack", async () => {
  const { payload } = await stack.invoke<{ body: string }>("Fn", {}, { qualifier: "canary" });
  expect(JSON.parse(payload.body)).toEqual(told(":canary", "2"));
  await expect(stack.invoke("Fn", {}, { qualifier: "gone" })).rejects.toMatchObject({
    code: "LR1001",
    what: 'Fn has no version and no alias "gone"',
  });
});

/** What the function was told in the invocation that `isIt` finds. */
async function toldOf(isIt: (event: Record<string, unknown>) => boolean): Promise<Told> {
  const of = () => stack.invocations("fn").filter(({ event }) => isIt(event as Record<string, unknown>));
  await stack.waitFor(() => of().length > 0, PATIENT);
  const [{ payload } = { payload: { body: "" } }] = of();
  return JSON.parse((payload as { body: string }).body) as Told;
}
const comesFrom =
  (source: string) =>
  ({ Records: [record] = [] }: { Records?: { eventSource?: string; EventSource?: string }[] }): boolean =>
    (record?.eventSource ?? record?.EventSource) === source;

test("an event source mapping", async () => {
  await stack.sqs.send("inbox", { n: 1 });
  expect(await toldOf(comesFrom("aws:sqs"))).toEqual(told(":canary", "2"));
});

test("a bucket's notification", async () => {
  await stack.s3.put("landing", "a.txt", "a");
  expect(await toldOf(comesFrom("aws:s3"))).toEqual(told(":live", "1"));
});

test("a subscription", async () => {
  const client = new SNSClient(stack.clientConfig);
  await client.send(new PublishCommand({ TopicArn: "arn:aws:sns:us-east-1:000000000000:news", Message: "m" }));
  client.destroy();
  expect(await toldOf(comesFrom("aws:sns"))).toEqual(told(":live", "1"));
});

test("a destination", async () => {
  await lambda.send(new InvokeCommand({ FunctionName: "source", InvocationType: "Event", Payload: "{}" }));
  expect(await toldOf((event) => "requestContext" in event && "responsePayload" in event)).toEqual(told(":live", "1"));
});

const FunctionName = "fn";
const arnOf = (qualifier: string): string => told(`:${qualifier}`, "").arn;

test("a URL", async () => {
  const { FunctionUrlConfigs: [url] = [] } = await lambda.send(new ListFunctionUrlConfigsCommand({ FunctionName }));
  expect(url?.FunctionArn).toBe(arnOf("canary"));
  expect(await (await get("Fn", "")).json()).toEqual(told(":canary", "2"));
  await lambda.send(new DeleteFunctionUrlConfigCommand({ FunctionName, Qualifier: "canary" }));
  await expect(
    lambda.send(new GetFunctionUrlConfigCommand({ FunctionName, Qualifier: "canary" })),
  ).rejects.toMatchObject({ name: "ResourceNotFoundException" });
});

test("event settings hold for calls by their own qualifier, and for no others", async () => {
  for (const Qualifier of [undefined, "live", "canary"])
    await lambda.send(
      new InvokeCommand({
        FunctionName,
        InvocationType: "Event",
        Payload: `"to ${Qualifier}"`,
        ...(Qualifier && { Qualifier }),
      }),
    );
  const isDone = (event: string): boolean => stack.invocations("fn").some((one) => one.event === event);
  await stack.waitFor(() => isDone("to undefined") && isDone("to live"), PATIENT);
  await stack.waitFor(async () => (await stack.sqs.depth("records")).visible > 0, PATIENT);
  const records = (await stack.sqs.receive("records", 10)).map(({ body }) => JSON.parse(body) as object);
  expect(records).toEqual([expect.objectContaining({ requestPayload: "to canary" })]);
  const { FunctionEventInvokeConfigs = [] } = await lambda.send(
    new ListFunctionEventInvokeConfigsCommand({ FunctionName }),
  );
  expect(FunctionEventInvokeConfigs.map((one) => [one.FunctionArn, one.MaximumRetryAttempts])).toEqual([
    [arnOf("$LATEST"), 0],
    [arnOf("canary"), 1],
  ]);
  await lambda.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName, Qualifier: "canary" }));
  const left = await lambda.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName }));
  expect(left.FunctionEventInvokeConfigs).toHaveLength(1);
});
