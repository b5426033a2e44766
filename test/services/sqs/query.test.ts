/** The query protocol, as old clients speak it: the same operations, forms in and XML out. */
import { startSqs, type SqsFixture } from "./fixture.js";

let fixture: SqsFixture;
let queue: string;
const Version = "2012-11-05";

beforeEach(async () => {
  fixture = await startSqs();
  const { xml } = await fixture.query({
    Action: "CreateQueue",
    Version,
    QueueName: "jobs",
    "Attribute.1.Name": "VisibilityTimeout",
    "Attribute.1.Value": "7",
    "Tag.1.Key": "team",
    "Tag.1.Value": "a",
  });
  queue = element(xml, "QueueUrl");
});
afterEach(() => fixture.stop());

const element = (xml: string, name: string): string => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map(([, text = ""]) => text);

test("answers stand in the result element of their action, with the request's id", async () => {
  const { status, xml } = await fixture.query({ Action: "GetQueueUrl", Version, QueueName: "jobs" });
  expect(status).toBe(200);
  expect(xml).toMatch(
    /^<\?xml version="1.0"\?><GetQueueUrlResponse xmlns="http:\/\/queue.amazonaws.com\/doc\/2012-11-05\/"><GetQueueUrlResult><QueueUrl>http:/,
  );
  expect(element(xml, "RequestId")).toMatch(/^[0-9a-f-]{36}$/);
});

test("attributes and tags are lists of pairs", async () => {
  const attributes = await fixture.query({
    Action: "GetQueueAttributes",
    Version,
    QueueUrl: queue,
    "AttributeName.1": "VisibilityTimeout",
    "AttributeName.2": "DelaySeconds",
  });
  expect(elements(attributes.xml, "Name")).toEqual(["DelaySeconds", "VisibilityTimeout"]);
  expect(elements(attributes.xml, "Value")).toEqual(["0", "7"]);
  const tags = await fixture.query({ Action: "ListQueueTags", Version, QueueUrl: queue });
  expect([element(tags.xml, "Key"), element(tags.xml, "Value")]).toEqual(["team", "a"]);
});

test("a message with attributes goes the whole way", async () => {
  const body = "<a> & \"b\" 'c'\r\n";
  const sent = await fixture.query({
    Action: "SendMessage",
    Version,
    QueueUrl: queue,
    MessageBody: body,
    "MessageAttribute.1.Name": "kind",
    "MessageAttribute.1.Value.DataType": "String",
    "MessageAttribute.1.Value.StringValue": "x",
    "MessageAttribute.2.Name": "bytes",
    "MessageAttribute.2.Value.DataType": "Binary",
    "MessageAttribute.2.Value.BinaryValue": "AP8=",
  });
  const received = await fixture.query({
    Action: "ReceiveMessage",
    Version,
    QueueUrl: queue,
    AttributeName: "All",
    "MessageAttributeName.1": "All",
  });
  expect(element(received.xml, "MD5OfMessageAttributes")).toBe(element(sent.xml, "MD5OfMessageAttributes"));
  expect(element(received.xml, "Body")).toBe("&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos;&#xD;\n");
  expect(element(received.xml, "BinaryValue")).toBe("AP8=");
  expect(elements(received.xml, "Name")).toEqual(
    expect.arrayContaining(["SentTimestamp", "ApproximateReceiveCount", "kind", "bytes"]),
  );
  const deleted = await fixture.query({
    Action: "DeleteMessage",
    Version,
    QueueUrl: queue,
    ReceiptHandle: element(received.xml, "ReceiptHandle"),
  });
  expect(deleted.xml).toMatch(/<DeleteMessageResponse [^>]*><ResponseMetadata>/);
  expect((await fixture.service.depths("jobs")).inFlight).toBe(0);
});

test("batches have numbered entries, in any order", async () => {
  const { xml } = await fixture.query({
    Action: "SendMessageBatch",
    Version,
    QueueUrl: queue,
    "SendMessageBatchRequestEntry.10.Id": "late",
    "SendMessageBatchRequestEntry.10.MessageBody": "x",
    "SendMessageBatchRequestEntry.10.DelaySeconds": "901",
    "SendMessageBatchRequestEntry.2.Id": "good",
    "SendMessageBatchRequestEntry.2.MessageBody": "x",
  });
  expect(xml).toMatch(/<SendMessageBatchResultEntry><Id>good<\/Id>/);
  expect(xml).toMatch(
    /<BatchResultErrorEntry><Id>late<\/Id><SenderFault>true<\/SenderFault><Code>InvalidParameterValue<\/Code>/,
  );
});

test("the queue's own URL names the queue, and GET works as POST does", async () => {
  const { status } = await fixture.query(
    { Action: "SendMessage", Version, MessageBody: "by path" },
    "/000000000000/jobs",
  );
  expect(status).toBe(200);
  const answer = await fetch(`${fixture.endpoint}/000000000000/jobs?Action=ReceiveMessage&Version=${Version}`);
  expect(element(await answer.text(), "Body")).toBe("by path");
});

test("a queue's own address offers what is done to a queue, and wants an action", async () => {
  for (const Action of ["CreateQueue", "ListQueues"]) {
    const { status, xml } = await fixture.query({ Action, Version, QueueName: "more" }, "/000000000000/jobs");
    expect([status, element(xml, "Code"), element(xml, "Message")]).toEqual([
      400,
      "InvalidAction",
      `The action ${Action} is not valid for this endpoint.`,
    ]);
  }
  const bare = await fetch(`${fixture.endpoint}/000000000000/jobs`);
  expect([bare.status, await bare.text()]).toEqual([404, "<UnknownOperationException/>\n"]);
});

test.each([
  [
    { Action: "SendMessage", QueueUrl: "nowhere", MessageBody: "x" },
    400,
    "AWS.SimpleQueueService.NonExistentQueue",
    "The specified queue does not exist for this wsdl version.",
  ],
  [
    { Action: "SendMessage", QueueUrl: "jobs", MessageBody: "" },
    400,
    "MissingParameter",
    "The request must contain the parameter MessageBody.",
  ],
  [
    { Action: "ReceiveMessage", QueueUrl: "jobs", MaxNumberOfMessages: "11" },
    400,
    "InvalidParameterValue",
    "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
  ],
  [
    { Action: "ReceiveMessage", QueueUrl: "jobs", MaxNumberOfMessages: "many" },
    400,
    "MalformedInput",
    "The value many of parameter MaxNumberOfMessages is not an integer.",
  ],
  [
    { Action: "DeleteMessage", QueueUrl: "jobs", ReceiptHandle: "noise" },
    404,
    "ReceiptHandleIsInvalid",
    "The input receipt handle &quot;noise&quot; is not a valid receipt handle.",
  ],
  [{ Action: "Fly" }, 400, "InvalidAction", "The action Fly is not valid for this endpoint."],
])("%j is refused in the error form", async (parameters, status, code, message) => {
  const answer = await fixture.query({ Version, ...parameters });
  expect(answer.status).toBe(status);
  expect(answer.xml).toContain(
    `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message><Detail/></Error>`,
  );
});
