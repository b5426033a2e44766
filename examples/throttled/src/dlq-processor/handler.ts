/**
 * Puts messages of a dead-letter queue back into the queue of jobs, as they are or edited. Each carries the number of its
 * redrives in an attribute; what has come back too often goes to a last queue for a person to look at, instead of round and round.
 *
 *     {"queue": "dead" | "parked", "max": 10, "edit": {"detail": {"object": {"key": "b.csv"}}}, "include_rejected": true}
 *
 * `edit` is a JSON merge patch (RFC 7396) on every message that is put back.
 */
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type Message,
} from "@aws-sdk/client-sqs";

interface Request {
  /** `dead` (where it is left out) or `parked`. */
  readonly queue?: string;
  readonly max?: number;
  readonly edit?: unknown;
  /** Messages that were refused as they are: without an edit they would only be refused again. */
  readonly include_rejected?: boolean;
}

interface Answer {
  redriven: number;
  exhausted: number;
  left: number;
}

const sqs = new SQSClient({});
const { JOBS_URL, DEAD_URL, PARKED_URL, EXHAUSTED_URL } = process.env;
const SOURCES = new Map([
  ["dead", DEAD_URL],
  ["parked", PARKED_URL],
]);
const MAX_REDRIVES = Number(process.env["MAX_REDRIVES"] ?? 3);
const DEFAULT_MAX = 50;
const PAGE = 10;
/** Of a message that is looked at and left: nobody else sees it for so long. */
const VISIBILITY_SECONDS = 60;

export async function handler({
  queue = "dead",
  max = DEFAULT_MAX,
  edit,
  include_rejected: alsoRejected = edit !== undefined,
}: Request): Promise<Answer> {
  if (!SOURCES.has(queue)) throw new Error(`queue is none of ${[...SOURCES.keys()].join(", ")}: ${queue}`);
  const from = SOURCES.get(queue);
  const answer: Answer = { redriven: 0, exhausted: 0, left: 0 };
  for (let seen = 0; seen < max;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: from,
        MaxNumberOfMessages: Math.min(PAGE, max - seen),
        VisibilityTimeout: VISIBILITY_SECONDS,
        MessageAttributeNames: ["All"],
      }),
    );
    if (Messages.length === 0) break;
    seen += Messages.length;
    for (const message of Messages) {
      const what = await handle(message, edit, alsoRejected);
      answer[what] += 1;
      if (what !== "left")
        await sqs.send(new DeleteMessageCommand({ QueueUrl: from, ReceiptHandle: message.ReceiptHandle }));
    }
  }
  process.stdout.write(
    `${JSON.stringify({ action: "redrive", queue, ...answer, "splunk.sourcetype": "lambda:dlq_processor" })}\n`,
  );
  return answer;
}

/** Sent first and deleted behind it: a message may come twice, but is never lost. */
async function handle(message: Message, edit: unknown, alsoRejected: boolean): Promise<keyof Answer> {
  const { Body = "", MessageAttributes = {} } = message;
  const redrives = Number(MessageAttributes["redrives"]?.StringValue ?? 0);
  const error = MessageAttributes["error"]?.StringValue ?? "";
  if (error === "Rejected" && !alsoRejected) return "left";
  if (redrives >= MAX_REDRIVES) {
    await send(EXHAUSTED_URL, Body, redrives, error);
    return "exhausted";
  }
  await send(JOBS_URL, edit === undefined ? Body : edited(Body, edit), redrives + 1, error);
  return "redriven";
}

async function send(url: string | undefined, body: string, redrives: number, error: string): Promise<void> {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: body,
      MessageAttributes: {
        redrives: { DataType: "Number", StringValue: String(redrives) },
        ...(error === "" ? {} : { last_error: { DataType: "String", StringValue: error } }),
      },
    }),
  );
}

/** A body that is no JSON is replaced by the patch, as RFC 7396 has it. */
function edited(body: string, patch: unknown): string {
  let target: unknown;
  try {
    target = JSON.parse(body);
  } catch {
    target = undefined;
  }
  return JSON.stringify(merge(target, patch));
}

type Members = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const members = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) members.delete(name);
    else members.set(name, merge(members.get(name), value));
  }
  return Object.fromEntries(members);
}
