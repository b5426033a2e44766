/** What AWS answers to bad input: one row a rule. */
import { startSqs, type SqsFixture } from "./fixture.js";

let fixture: SqsFixture;

beforeAll(async () => {
  fixture = await startSqs();
  for (const [name, attributes] of [
    ["plain", {}],
    ["small", { MaximumMessageSize: "1024" }],
    ["ordered.fifo", { FifoQueue: "true" }],
  ] as const) {
    await fixture.service.ensureQueue(name, attributes);
  }
});
afterAll(() => fixture.stop());

const QUEUE = "http://localhost/000000000000/plain";
const SMALL = "http://localhost/000000000000/small";
const FIFO = "http://localhost/000000000000/ordered.fifo";
const message = (more: object): object => ({ QueueUrl: QUEUE, MessageBody: "x", ...more });
const fifoMessage = (more: object): object => ({
  QueueUrl: FIFO,
  MessageBody: "x",
  MessageGroupId: "g",
  MessageDeduplicationId: "d",
  ...more,
});
const attribute = (name: string, value: object): object => message({ MessageAttributes: { [name]: value } });
const text = { DataType: "String", StringValue: "v" };
const create = (Attributes: Record<string, unknown>, QueueName = "new"): object => ({ QueueName, Attributes });
const batch = (Entries: unknown, QueueUrl = QUEUE): object => ({ QueueUrl, Entries });
const ids = (...list: string[]): object[] => list.map((Id) => ({ Id, MessageBody: "x", ReceiptHandle: "h" }));
const PUNCTUATION = "can only include alphanumeric and punctuation characters. 1 to 128 in length.";
const WRONG_TYPE = "The request include parameter that is not valid for this queue type.";
const NAME_RULE = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
const FIFO_NAME_RULE =
  "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length";

const INVALID = "InvalidParameterValue";
const MISSING = "MissingParameter";
const VALUE = "InvalidAttributeValue";
const LEGACY = "AWS.SimpleQueueService.";

const ROWS: readonly (readonly [
  what: string,
  target: string,
  input: unknown,
  code: string,
  message: string | RegExp,
])[] = [
  ["no queue URL", "SendMessage", { MessageBody: "x" }, MISSING, "The request must contain the parameter QueueUrl."],
  [
    "an unknown queue",
    "SendMessage",
    { QueueUrl: "nowhere", MessageBody: "x" },
    `${LEGACY}NonExistentQueue`,
    "The specified queue does not exist.",
  ],
  [
    "an unknown name",
    "GetQueueUrl",
    { QueueName: "nowhere" },
    `${LEGACY}NonExistentQueue`,
    "The specified queue does not exist.",
  ],
  [
    "another owner",
    "GetQueueUrl",
    { QueueName: "plain", QueueOwnerAWSAccountId: "123456789012" },
    `${LEGACY}NonExistentQueue`,
    /./,
  ],
  ["no body", "SendMessage", { QueueUrl: QUEUE }, MISSING, "The request must contain the parameter MessageBody."],
  [
    "an empty body",
    "SendMessage",
    message({ MessageBody: "" }),
    MISSING,
    "The request must contain the parameter MessageBody.",
  ],
  [
    "a body that is a map",
    "SendMessage",
    message({ MessageBody: {} }),
    "MalformedInput",
    "Start of structure or map found where not expected.",
  ],
  [
    "a control character",
    "SendMessage",
    message({ MessageBody: "\u0001" }),
    "InvalidMessageContents",
    /^Invalid characters found/,
  ],
  [
    "half a surrogate pair",
    "SendMessage",
    '{"QueueUrl":"plain","MessageBody":"\\ud800"}',
    "InvalidMessageContents",
    /^Invalid characters found/,
  ],
  [
    "a body over the limit",
    "SendMessage",
    { QueueUrl: SMALL, MessageBody: "ä".repeat(513) },
    INVALID,
    "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
  ],
  [
    "attributes over the limit",
    "SendMessage",
    { QueueUrl: SMALL, MessageBody: "x".repeat(1020), MessageAttributes: { a: text } },
    INVALID,
    /shorter than 1024 bytes/,
  ],
  [
    "more than 1 MiB",
    "SendMessage",
    message({ MessageBody: "x".repeat(1_048_577) }),
    INVALID,
    /shorter than 1048576 bytes/,
  ],
  [
    "a negative delay",
    "SendMessage",
    message({ DelaySeconds: -1 }),
    INVALID,
    "Value -1 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
  ],
  [
    "a delay that is no number",
    "SendMessage",
    message({ DelaySeconds: "soon" }),
    "MalformedInput",
    "STRING_VALUE can not be converted to an Integer",
  ],
  [
    "a delay on FIFO",
    "SendMessage",
    fifoMessage({ DelaySeconds: 2 }),
    INVALID,
    `Value 2 for parameter DelaySeconds is invalid. Reason: ${WRONG_TYPE}`,
  ],
  [
    "no group",
    "SendMessage",
    { QueueUrl: FIFO, MessageBody: "x", MessageDeduplicationId: "d" },
    MISSING,
    "The request must contain the parameter MessageGroupId.",
  ],
  [
    "no deduplication id",
    "SendMessage",
    { QueueUrl: FIFO, MessageBody: "x", MessageGroupId: "g" },
    INVALID,
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  ],
  [
    "an empty group",
    "SendMessage",
    message({ MessageGroupId: "" }),
    INVALID,
    `Value  for parameter MessageGroupId is invalid. Reason: MessageGroupId ${PUNCTUATION}`,
  ],
  [
    "a blank in a deduplication id",
    "SendMessage",
    fifoMessage({ MessageDeduplicationId: "a b" }),
    INVALID,
    `Value a b for parameter MessageDeduplicationId is invalid. Reason: MessageDeduplicationId ${PUNCTUATION}`,
  ],
  [
    "a deduplication id on standard",
    "SendMessage",
    message({ MessageDeduplicationId: "d" }),
    INVALID,
    `Value d for parameter MessageDeduplicationId is invalid. Reason: ${WRONG_TYPE}`,
  ],
  [
    "an empty attribute",
    "SendMessage",
    attribute("a", { DataType: "String", StringValue: "" }),
    INVALID,
    "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
  ],
  [
    "an attribute without type",
    "SendMessage",
    attribute("a", { StringValue: "v" }),
    INVALID,
    "Message (user) attribute 'a' must contain a non-empty attribute type.",
  ],
  [
    "an attribute with nothing",
    "SendMessage",
    attribute("a", {}),
    INVALID,
    "The message (user) attribute 'a' must contain a non-empty message attribute value.",
  ],
  [
    "an unknown type",
    "SendMessage",
    attribute("a", { DataType: "Date", StringValue: "v" }),
    INVALID,
    "The type of message (user) attribute 'a' is invalid. You must use only the following supported type prefixes: Binary, Number, String.",
  ],
  [
    "a number that is none",
    "SendMessage",
    attribute("a", { DataType: "Number", StringValue: "v" }),
    INVALID,
    "Can't cast the value of message (user) attribute 'a' to a number.",
  ],
  [
    "an attribute without name",
    "SendMessage",
    attribute("", text),
    INVALID,
    "The request must contain non-empty message (user) attribute names.",
  ],
  [
    "a reserved name",
    "SendMessage",
    attribute("AWS.x", text),
    INVALID,
    /^You can't use message attribute names beginning with 'AWS\.' or 'Amazon'/,
  ],
  [
    "a long name",
    "SendMessage",
    attribute("a".repeat(257), text),
    INVALID,
    "Message (user) attribute name must be shorter than 256 bytes.",
  ],
  [
    "list values",
    "SendMessage",
    attribute("a", { DataType: "StringList", StringListValues: ["v"] }),
    INVALID,
    "Message attribute list values in SendMessage operation are not supported.",
  ],
  [
    "eleven attributes",
    "SendMessage",
    message({ MessageAttributes: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`a${i}`, text])) }),
    INVALID,
    "Number of message attributes [11] exceeds the allowed maximum [10].",
  ],
  [
    "an unknown system attribute",
    "SendMessage",
    message({ MessageSystemAttributes: { Other: text } }),
    INVALID,
    "Message system attribute name 'Other' is invalid.",
  ],
  [
    "eleven messages",
    "ReceiveMessage",
    { QueueUrl: QUEUE, MaxNumberOfMessages: 11 },
    INVALID,
    "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
  ],
  ["no messages", "ReceiveMessage", { QueueUrl: QUEUE, MaxNumberOfMessages: 0 }, INVALID, /Must be between 1 and 10/],
  [
    "a long wait",
    "ReceiveMessage",
    { QueueUrl: QUEUE, WaitTimeSeconds: 21 },
    INVALID,
    "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
  ],
  [
    "a long timeout",
    "ReceiveMessage",
    { QueueUrl: QUEUE, VisibilityTimeout: 43_201 },
    INVALID,
    "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided.",
  ],
  [
    "an unknown attribute wanted",
    "ReceiveMessage",
    { QueueUrl: QUEUE, AttributeNames: ["Weight"] },
    "InvalidAttributeName",
    "Unknown Attribute Weight.",
  ],
  [
    "an attempt id on standard",
    "ReceiveMessage",
    { QueueUrl: QUEUE, ReceiveRequestAttemptId: "1" },
    INVALID,
    /ReceiveRequestAttemptId is invalid/,
  ],
  ["no handle", "DeleteMessage", { QueueUrl: QUEUE }, MISSING, "The request must contain the parameter ReceiptHandle."],
  [
    "a handle that is none",
    "DeleteMessage",
    { QueueUrl: QUEUE, ReceiptHandle: "noise" },
    "ReceiptHandleIsInvalid",
    'The input receipt handle "noise" is not a valid receipt handle.',
  ],
  [
    "no visibility timeout",
    "ChangeMessageVisibility",
    { QueueUrl: QUEUE, ReceiptHandle: "h" },
    MISSING,
    "The request must contain the parameter VisibilityTimeout.",
  ],
  [
    "an empty batch",
    "SendMessageBatch",
    batch([]),
    `${LEGACY}EmptyBatchRequest`,
    "There should be at least one SendMessageBatchRequestEntry in the request.",
  ],
  [
    "an empty delete batch",
    "DeleteMessageBatch",
    batch([]),
    `${LEGACY}EmptyBatchRequest`,
    "There should be at least one DeleteMessageBatchRequestEntry in the request.",
  ],
  [
    "twenty entries",
    "SendMessageBatch",
    batch(ids(...Array.from({ length: 20 }, (_, i) => `m${i}`))),
    `${LEGACY}TooManyEntriesInBatchRequest`,
    "Maximum number of entries per request are 10. You have sent 20.",
  ],
  [
    "a million entries",
    "DeleteMessageBatch",
    `{"QueueUrl":"plain","Entries":[${"{},".repeat(999_999)}{}]}`,
    `${LEGACY}TooManyEntriesInBatchRequest`,
    "Maximum number of entries per request are 10. You have sent 1000000.",
  ],
  [
    "a bad entry id",
    "SendMessageBatch",
    batch(ids("a:b")),
    `${LEGACY}InvalidBatchEntryId`,
    /^A batch entry id can only contain alphanumeric characters/,
  ],
  [
    "a long entry id",
    "ChangeMessageVisibilityBatch",
    batch(ids("a".repeat(81))),
    `${LEGACY}InvalidBatchEntryId`,
    /^A batch entry id/,
  ],
  [
    "an id twice",
    "DeleteMessageBatch",
    batch(ids("a", "b", "a")),
    `${LEGACY}BatchEntryIdsNotDistinct`,
    "Id a repeated.",
  ],
  [
    "an entry without body",
    "SendMessageBatch",
    batch([{ Id: "a" }]),
    MISSING,
    "The request must contain the parameter SendMessageBatchRequestEntry.1.MessageBody.",
  ],
  [
    "an entry without group",
    "SendMessageBatch",
    batch(ids("a"), FIFO),
    INVALID,
    "The request must contain the parameter MessageGroupId.",
  ],
  [
    "a batch over 1 MiB",
    "SendMessageBatch",
    batch([
      { Id: "a", MessageBody: "x".repeat(1_048_576) },
      { Id: "b", MessageBody: "y" },
    ]),
    `${LEGACY}BatchRequestTooLong`,
    "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
  ],
  ["no name", "CreateQueue", {}, MISSING, "The request must contain the parameter QueueName."],
  ["a name with a slash", "CreateQueue", create({}, "a/b"), INVALID, NAME_RULE],
  ["a long queue name", "CreateQueue", create({}, "a".repeat(81)), INVALID, NAME_RULE],
  ["a FIFO name on standard", "CreateQueue", create({}, "a.fifo"), INVALID, NAME_RULE],
  ["a standard name on FIFO", "CreateQueue", create({ FifoQueue: "true" }, "a"), INVALID, FIFO_NAME_RULE],
  [
    "FifoQueue false",
    "CreateQueue",
    create({ FifoQueue: "false" }),
    "InvalidAttributeName",
    "Unknown Attribute FifoQueue.",
  ],
  ["an unknown attribute", "CreateQueue", create({ Weight: "1" }), "InvalidAttributeName", "Unknown Attribute Weight."],
  [
    "a read-only attribute",
    "SetQueueAttributes",
    { QueueUrl: QUEUE, Attributes: { QueueArn: "x" } },
    "InvalidAttributeName",
    "Unknown Attribute QueueArn.",
  ],
  [
    "a timeout with a blank",
    "CreateQueue",
    create({ VisibilityTimeout: " 2" }),
    VALUE,
    "Invalid value for the parameter VisibilityTimeout.",
  ],
  [
    "a negative attribute",
    "CreateQueue",
    create({ DelaySeconds: "-45" }),
    VALUE,
    "Invalid value for the parameter DelaySeconds.",
  ],
  [
    "a size of 1 KB less one",
    "CreateQueue",
    create({ MaximumMessageSize: "1023" }),
    VALUE,
    "Invalid value for the parameter MaximumMessageSize.",
  ],
  [
    "a size over 1 MiB",
    "CreateQueue",
    create({ MaximumMessageSize: "1048577" }),
    VALUE,
    "Invalid value for the parameter MaximumMessageSize.",
  ],
  [
    "two kinds of encryption",
    "CreateQueue",
    create({ KmsMasterKeyId: "k", SqsManagedSseEnabled: "true" }),
    VALUE,
    /^You can use one type of server-side encryption/,
  ],
  [
    "a policy that is no JSON",
    "CreateQueue",
    create({ Policy: "no" }),
    VALUE,
    "Invalid value for the parameter Policy.",
  ],
  [
    "a redrive policy that is no map",
    "CreateQueue",
    create({ RedrivePolicy: "[]" }),
    VALUE,
    "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map.",
  ],
  [
    "a redrive policy without count",
    "CreateQueue",
    create({ RedrivePolicy: '{"deadLetterTargetArn":"a"}' }),
    INVALID,
    'Value {"deadLetterTargetArn":"a"} for parameter RedrivePolicy is invalid. Reason: Redrive policy does not contain mandatory attribute: maxReceiveCount.',
  ],
  [
    "a count of 0",
    "CreateQueue",
    create({ RedrivePolicy: '{"deadLetterTargetArn":"a","maxReceiveCount":0}' }),
    INVALID,
    /Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive\.$/,
  ],
  [
    "a receive count that is no number",
    "CreateQueue",
    create({ RedrivePolicy: '{"deadLetterTargetArn":"a","maxReceiveCount":true}' }),
    INVALID,
    /Invalid value for maxReceiveCount: true, valid values are from 1 to 1000 both inclusive\.$/,
  ],
  [
    "a dead-letter queue that is not there",
    "CreateQueue",
    create({ RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:none","maxReceiveCount":1}' }),
    INVALID,
    /Dead letter target does not exist\.$/,
  ],
  [
    "a dead-letter queue of the other type",
    "CreateQueue",
    create({
      RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:ordered.fifo","maxReceiveCount":1}',
    }),
    INVALID,
    /must be same type of queue as the source\.$/,
  ],
  [
    "an allow policy without queues",
    "CreateQueue",
    create({ RedriveAllowPolicy: '{"redrivePermission":"byQueue"}' }),
    INVALID,
    /you must also specify one or more sourceQueueArns values\.$/,
  ],
  [
    "FIFO made standard",
    "SetQueueAttributes",
    { QueueUrl: FIFO, Attributes: { FifoQueue: "false" } },
    VALUE,
    "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
  ],
  [
    "standard made FIFO",
    "SetQueueAttributes",
    { QueueUrl: QUEUE, Attributes: { FifoQueue: "true" } },
    "InvalidAttributeName",
    "Unknown Attribute FifoQueue.",
  ],
  [
    "an attribute that is a map",
    "CreateQueue",
    create({ DelaySeconds: {} }),
    "MalformedInput",
    "Start of structure or map found where not expected.",
  ],
  [
    "an unknown attribute asked for",
    "GetQueueAttributes",
    { QueueUrl: QUEUE, AttributeNames: ["Weight"] },
    "InvalidAttributeName",
    "Unknown Attribute Weight.",
  ],
  [
    "an unknown action to permit",
    "AddPermission",
    { QueueUrl: QUEUE, Label: "l", AWSAccountIds: ["123456789012"], Actions: ["Fly"] },
    INVALID,
    /^Value SQS:Fly for parameter ActionName is invalid/,
  ],
  [
    "an unknown label",
    "RemovePermission",
    { QueueUrl: QUEUE, Label: "none" },
    INVALID,
    "Value none for parameter Label is invalid. Reason: can't find label.",
  ],
  [
    "a move from nowhere",
    "StartMessageMoveTask",
    { SourceArn: "arn:aws:sqs:us-east-1:000000000000:none" },
    "ResourceNotFoundException",
    "The resource that you specified for the SourceArn parameter doesn't exist.",
  ],
  [
    "a move from a live queue",
    "StartMessageMoveTask",
    { SourceArn: "arn:aws:sqs:us-east-1:000000000000:plain" },
    INVALID,
    "Source queue must be configured as a Dead Letter Queue.",
  ],
  [
    "a task handle that is none",
    "CancelMessageMoveTask",
    { TaskHandle: "noise" },
    INVALID,
    "Value for parameter TaskHandle is invalid.",
  ],
  [
    "an unknown task",
    "CancelMessageMoveTask",
    {
      TaskHandle: Buffer.from('{"taskId":"t","sourceArn":"arn:aws:sqs:us-east-1:000000000000:plain"}').toString(
        "base64",
      ),
    },
    "ResourceNotFoundException",
    "Task does not exist.",
  ],
  ["a truncated body", "SendMessage", '{"QueueUrl": "plain', "SerializationException", /./],
];

/** JSON names that differ from the older code by more than its prefix. */
const JSON_TYPES: Readonly<Record<string, string>> = {
  [`${LEGACY}NonExistentQueue`]: "QueueDoesNotExist",
  InvalidParameterValue: "InvalidParameterValueException",
  MissingParameter: "MissingRequiredParameterException",
  MalformedInput: "SerializationException",
};

test.each(ROWS)("%s is refused by %s as on AWS", async (_what, target, input, code, text_) => {
  const answer = await fixture.failure(target, input);
  expect(answer.message).toEqual(typeof text_ === "string" ? text_ : expect.stringMatching(text_));
  expect(answer.header).toBe(`${code};Sender`);
  expect(answer.type).toBe(`com.amazonaws.sqs#${JSON_TYPES[code] ?? code.replace(LEGACY, "")}`);
  expect(answer.status).toBe(code === "ReceiptHandleIsInvalid" || code === "ResourceNotFoundException" ? 404 : 400);
});

test("nothing that was refused was stored", async () => {
  for (const name of ["plain", "small", "ordered.fifo"]) {
    expect(await fixture.service.depths(name)).toMatchObject({ visible: 0, inFlight: 0, delayed: 0 });
  }
  expect(fixture.service.queues().map(({ name }) => name)).toEqual(["ordered.fifo", "plain", "small"]);
});
