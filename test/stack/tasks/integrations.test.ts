/** Optimised integrations: what they send, what they answer, and how their errors are called. */
import { GetItemCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { PATIENT, until } from "../../until.js";
import { optimised, sdk, TasksStack } from "./tasks-stack.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Work: { Type: AWS::SQS::Queue, Properties: { QueueName: work } }
  News:
    Type: AWS::SNS::Topic
    Properties: { TopicName: news, Subscription: [{ Protocol: sqs, Endpoint: !GetAtt Work.Arn }] }
  InOrder: { Type: AWS::SNS::Topic, Properties: { TopicName: in-order.fifo, FifoTopic: true } }
  Things: { Type: AWS::Serverless::SimpleTable, Properties: { TableName: things } }
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: orders } }
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: { source: [shop] }
      Targets: [{ Id: queue, Arn: !GetAtt Work.Arn }]
  Api: { Type: AWS::Serverless::HttpApi }
  Locked: { Type: AWS::Serverless::HttpApi, Properties: { Auth: { EnableIamAuthorizer: true, DefaultAuthorizer: AWS_IAM } } }
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      CodeUri: code/
      Handler: hello.handler
      Events:
        Any: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: /hello, Method: ANY } }
        Signed: { Type: HttpApi, Properties: { ApiId: !Ref Locked, Path: /hello, Method: ANY } }
`;
const HELLO = `
exports.handler = async ({ requestContext, queryStringParameters, headers, body }) => {
  if (queryStringParameters?.fail) return { statusCode: 418, body: '{"message":"short and stout"}' };
  const header = queryStringParameters?.header;
  if (header) return { statusCode: 200, headers: { [header]: "set" }, body: "{}" };
  return { method: requestContext.http.method, who: queryStringParameters?.who, kind: headers["x-kind"], body };
};`;

let stack: TasksStack;
let sqs: SQSClient;
/** Another host than the stack's: the queue is found by its name. */
const QueueUrl = "https://sqs.us-east-1.amazonaws.com/000000000000/work";
const topic = (name: string): string => `arn:aws:sns:us-east-1:000000000000:${name}`;

beforeAll(async () => {
  stack = await TasksStack.start({ "template.yaml": TEMPLATE, "code/hello.js": HELLO });
  sqs = new SQSClient(stack.stack.clientConfig);
});
afterAll(async () => {
  sqs.destroy();
  await stack.close();
});

/** Bodies of what came into the queue, once something has. */
const received = (): Promise<string[]> =>
  stack.stack.waitFor(async () => {
    const messages = await stack.stack.sqs.receive("work");
    return messages.length > 0 && messages.map(({ body }) => body);
  }, PATIENT);

test("sqs:sendMessage writes an object out as the body, and shows what the SDK got", async () => {
  const attribute = { DataType: "String", StringValue: "high" };
  const { output } = await stack.run(optimised("sqs:sendMessage"), {
    QueueUrl,
    MessageBody: { order: 7 },
    MessageAttributes: { priority: attribute },
  });
  expect(output).toMatchObject({
    MessageId: expect.any(String) as string,
    SdkHttpMetadata: {
      HttpStatusCode: 200,
      HttpHeaders: { "Content-Type": "application/x-amz-json-1.0", connection: "keep-alive" },
    },
    SdkResponseMetadata: { RequestId: expect.any(String) as string },
  });
  const url = `${stack.stack.endpoint}/000000000000/work`;
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MessageAttributeNames: ["All"] }));
  expect(Messages).toMatchObject([{ Body: '{"order":7}', MessageAttributes: { priority: attribute } }]);
});

test("errors of sqs have the names of version 1 of the SDK for Java", async () => {
  await expect(stack.run(optimised("sqs:sendMessage"), { QueueUrl, MessageBody: null })).resolves.toMatchObject({
    error: "SQS.AmazonSQSException",
    cause:
      "The request must contain the parameter MessageBody. " +
      "(Service: AmazonSQS; Status Code: 400; Error Code: MissingParameter; Request ID: ID; Proxy: null)",
  });
  await expect(
    stack.run(optimised("sqs:sendMessage"), { QueueUrl: `${QueueUrl}-gone`, MessageBody: "a" }),
  ).resolves.toMatchObject({ error: "SQS.QueueDoesNotExistException" });
});

test("sns:publish reaches the topic; a refusal has the code of the wire in its cause", async () => {
  const { output } = await stack.run(optimised("sns:publish"), { TopicArn: topic("news"), Message: { hot: true } });
  expect(output).toMatchObject({ SdkHttpMetadata: { HttpHeaders: { "Content-Type": "text/xml" } } });
  const [body = ""] = await received();
  expect(JSON.parse(body)).toMatchObject({ MessageId: output["MessageId"], Message: '{"hot":true}' });
  await expect(
    stack.run(optimised("sns:publish"), { TopicArn: topic("in-order.fifo"), Message: "a" }),
  ).resolves.toMatchObject({
    error: "SNS.InvalidParameterException",
    cause: expect.stringContaining("(Service: AmazonSNS; Status Code: 400; Error Code: InvalidParameter;") as string,
  });
});

test("dynamodb:putItem, updateItem, getItem and deleteItem work on the table", async () => {
  const Key = { id: { S: "a" } };
  const table = { TableName: "things" };
  await stack.run(optimised("dynamodb:putItem"), { ...table, Item: { ...Key, bytes: { B: "aGk=" } } });
  const updated = await stack.run(optimised("dynamodb:updateItem"), {
    ...table,
    Key,
    UpdateExpression: "SET n = :n",
    ExpressionAttributeValues: { ":n": { N: "1" } },
    ReturnValues: "UPDATED_NEW",
  });
  expect(updated.output).toMatchObject({ Attributes: { n: { N: "1" } } });
  const { output } = await stack.run(optimised("dynamodb:getItem"), { ...table, Key });
  expect(output).toMatchObject({
    Item: { id: { S: "a" }, bytes: { B: "aGk=" }, n: { N: "1" } },
    SdkHttpMetadata: { AllHttpHeaders: { Server: ["Server"], "x-amz-crc32": [expect.any(String) as string] } },
  });
  await stack.run(optimised("dynamodb:deleteItem"), { ...table, Key });
  const client = new DynamoDBClient(stack.stack.clientConfig);
  await expect(client.send(new GetItemCommand({ ...table, Key }))).resolves.not.toHaveProperty("Item");
  client.destroy();
});

test("errors of dynamodb: a modeled one has its own name, any other that of the service", async () => {
  const put = { TableName: "things", Item: { id: { S: "b" } }, ConditionExpression: "attribute_exists(id)" };
  await expect(stack.run(optimised("dynamodb:putItem"), put)).resolves.toMatchObject({
    error: "DynamoDB.ConditionalCheckFailedException",
    cause:
      "The conditional request failed (Service: AmazonDynamoDBv2; Status Code: 400; " +
      "Error Code: ConditionalCheckFailedException; Request ID: ID; Proxy: null)",
  });
  await expect(stack.run(optimised("dynamodb:putItem"), { TableName: "things", Item: null })).resolves.toMatchObject({
    error: "DynamoDB.AmazonDynamoDBException",
  });
});

test("parameters of another shape than the API has are refused before the call", async () => {
  await expect(
    stack.run(optimised("dynamodb:getItem"), { TableName: "things", Key: "a", Colour: 1 }),
  ).resolves.toMatchObject({
    error: "States.Runtime",
    cause: expect.stringContaining(
      "[The value of the field 'Key' has an invalid format, The field \"Colour\" is not supported by Step Functions]",
    ) as string,
  });
});

test("events:putEvents adds the execution and its machine to the resources", async () => {
  const machine = await stack.task(optimised("events:putEvents"));
  const execution = await stack.start(machine, {
    Entries: [{ EventBusName: "orders", Source: "shop", DetailType: "sold", Detail: { n: 1 }, Resources: ["mine"] }],
  });
  const { output } = await stack.end(execution);
  expect(output).toEqual({ Entries: [{ EventId: expect.any(String) as string }], FailedEntryCount: 0 });
  const [body = ""] = await received();
  expect(JSON.parse(body)).toMatchObject({ detail: { n: 1 }, resources: ["mine", execution, machine] });
});

test("one entry that EventBridge refuses fails events:putEvents with the whole answer as the cause", async () => {
  const { error, cause = "" } = await stack.run(optimised("events:putEvents"), {
    Entries: [
      { Source: "elsewhere", DetailType: "d", Detail: {} },
      { DetailType: "d", Detail: {} },
    ],
  });
  expect(error).toBe("EventBridge.FailedEntry");
  expect(JSON.parse(cause)).toMatchObject({ FailedEntryCount: 1, Entries: [{}, { ErrorCode: "InvalidArgument" }] });
});

test("tasks of the template that nothing here does are told of when the stack starts", async () => {
  const machine = (name: string, Resource: string) => ({
    StartAt: name,
    States: { [name]: { Type: "Task", Resource, End: true } },
  });
  const branches = [machine("Run", optimised("ecs:runTask.sync")), machine("Send", sdk("sqs:sendMessage"))];
  const Definition = {
    StartAt: "Both",
    States: {
      Both: { Type: "Parallel", Branches: branches, Next: "Each" },
      Each: { Type: "Map", ItemProcessor: machine("Hide", sdk("kms:encrypt")), End: true },
    },
  };
  const Properties = { RoleArn: "arn:aws:iam::000000000000:role/m", Definition };
  const Resources = { Machine: { Type: "AWS::StepFunctions::StateMachine", Properties } };
  const project = new ProjectFolder({ "template.yaml": JSON.stringify({ Resources }) });
  const notices: string[] = [];
  const silent = await createStack({ folder: project.folder, onNotice: (text) => notices.push(text) });
  await until(() => notices.length >= 2);
  await silent.close();
  project.remove();
  expect(notices).toEqual([
    "Machine: the task Run fails, arn:aws:states:::ecs:runTask.sync is not emulated",
    "Machine: the task Hide fails, arn:aws:states:::aws-sdk:kms:encrypt is not emulated",
  ]);
});

test("integrations of what is not emulated are refused by name", async () => {
  await expect(stack.run(optimised("batch:submitJob.sync"), {})).resolves.toMatchObject({
    error: "States.Runtime",
    cause: expect.stringContaining("batch:submitJob.sync is not emulated by lambda-run") as string,
  });
});

describe("apigateway:invoke", () => {
  const call = async (parameters: Record<string, unknown>, name = "Api") => {
    const api = stack.stack.stack.application.apis.find(({ logicalId }) => logicalId === name);
    const ApiEndpoint = `${api?.id}.execute-api.us-east-1.amazonaws.com`;
    return stack.run(optimised("apigateway:invoke"), { ApiEndpoint, Path: "hello", Method: "GET", ...parameters });
  };

  test("calls the API of the stack and answers status, headers and body", async () => {
    const { output } = await call({
      Method: "POST",
      QueryParameters: { who: ["world"] },
      Headers: { "X-Kind": ["test"] },
      RequestBody: { a: 1, none: null },
    });
    expect(output).toMatchObject({
      StatusCode: 200,
      StatusText: "OK",
      Headers: { "content-type": ["application/json"] },
      ResponseBody: { method: "POST", who: "world", kind: "test", body: '{"a":1}' },
    });
  });

  test("a header may have a name that every object has", async () => {
    await expect(call({ QueryParameters: { header: ["constructor"] } })).resolves.toMatchObject({
      output: { Headers: { constructor: ["set"] } },
    });
  });

  test("with IAM_ROLE the request is signed", async () => {
    await expect(call({}, "Locked")).resolves.toMatchObject({ error: "ApiGateway.403" });
    await expect(
      call({ AuthType: "IAM_ROLE", Method: "POST", QueryParameters: { who: ["a b"] }, RequestBody: "x" }, "Locked"),
    ).resolves.toMatchObject({ output: { ResponseBody: { who: "a b" } } });
  });

  test("any other status than 2xx is an error with the body as the cause", async () => {
    await expect(call({ QueryParameters: { fail: ["1"] } })).resolves.toMatchObject({
      error: "ApiGateway.418",
      cause: '{"message":"short and stout"}',
    });
  });

  test("a query that is a text, a foreign method and headers of API Gateway's own are refused before the call", async () => {
    const faulty = { Method: "LOOK", QueryParameters: "?who=me", Headers: { "X-Amzn-Trace-Id": "mine" } };
    await expect(call(faulty)).resolves.toMatchObject({
      error: "States.Runtime",
      cause: expect.stringContaining(
        "[The value of the field 'Method' has an invalid format, The value of the field 'Headers' has an invalid format, " +
          "The value of the field 'QueryParameters' has an invalid format]",
      ) as string,
    });
  });

  test("an API that is not here is a host that nobody knows", async () => {
    await expect(call({ ApiEndpoint: "other.execute-api.us-east-1.amazonaws.com" })).resolves.toMatchObject({
      error: "ApiGateway.UnknownHostException",
    });
  });
});
