/** `lambda-run peek`: the first messages of a queue, which stay there. On another server a look is counted as a receive. */
import { EXIT } from "../../shared/errors.js";
import type { MessageAttribute } from "../../services/sqs/index.js";
import type { Action } from "../action.js";
import { countOf, withQueues } from "../queue-command.js";
import { coloursFor } from "../render/colours.js";

const DEFAULT_COUNT = 10;
const MAX_COUNT = 1000;

export const peekCommand: Action = async ([name = ""], options) => {
  const count = countOf(options["count"], "--count", DEFAULT_COUNT, MAX_COUNT);
  const messages = await withQueues(options, async ({ inspector, find }) => {
    const peeked = await inspector.peek((await find(name)).name, count);
    if (inspector.remote && peeked.length > 0)
      process.stderr.write("note SQS shows messages by receiving them: each has counted one receive more\n");
    return peeked;
  });
  if (options["json"] === true) {
    process.stdout.write(`${JSON.stringify(messages)}\n`);
    return EXIT.ok;
  }
  const { dim } = coloursFor(process.stdout);
  for (const { messageId, body, state, attributes, messageAttributes } of messages) {
    const sentAt = new Date(Number(attributes["SentTimestamp"])).toISOString();
    const group = attributes["MessageGroupId"] === undefined ? "" : `  group ${attributes["MessageGroupId"]}`;
    const line = `${messageId}  ${state}  sent ${sentAt}  received ${attributes["ApproximateReceiveCount"] ?? "0"}x${group}`;
    const named = Object.entries(messageAttributes).map(([name, value]) => `  ${name}: ${attributeText(value)}\n`);
    process.stdout.write(`${dim(line)}\n${dim(named.join(""))}${body}\n`);
  }
  if (messages.length === 0) process.stderr.write("the queue is empty\n");
  return EXIT.ok;
};

/** Its type too: a number and its text look alike. */
const attributeText = ({ dataType, stringValue, binaryValue }: MessageAttribute): string =>
  stringValue === undefined ? `${binaryValue ?? ""} (${dataType}, base64)` : `${stringValue} (${dataType})`;
