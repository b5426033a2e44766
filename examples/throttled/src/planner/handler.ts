/**
 * Makes jobs of the messages of one round: reads each body, builds the processor's request, and says how long the job waits
 * before it begins. In the machine this could not fail well: an intrinsic function that cannot read a body ends the execution,
 * and the other nine messages with it. Pure.
 */

interface Message {
  readonly Body?: string;
  readonly MessageId?: string;
  readonly ReceiptHandle?: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
}

interface Round {
  readonly messages: readonly Message[];
  /** Messages that still wait in the queue. */
  readonly depth: number | string;
}

interface Job {
  readonly receipt: string | undefined;
  readonly body: string;
  /** How often it has been put back from a dead-letter queue. */
  readonly redrives: string;
  readonly wait_seconds: number;
  readonly key: string;
  readonly request?: object;
  /** Why it cannot be worked on. */
  readonly problem?: string;
}

/** Beyond this depth nobody waits on purpose: the function's concurrency is the bound then, and the scaler moves it. */
const CALM_DEPTH = 100;
const LOW_PRIORITY_SECONDS = 5;
const MAX_WAIT_SECONDS = 60;

export function handler({ messages, depth }: Round): Promise<readonly Job[]> {
  return Promise.resolve(messages.map((message, index) => jobOf(message, index, Number(depth))));
}

function jobOf({ Body: body = "", ReceiptHandle, MessageAttributes = {} }: Message, index: number, depth: number): Job {
  const common = { receipt: ReceiptHandle, body, redrives: MessageAttributes["redrives"]?.StringValue ?? "0" };
  const event = parsed(body);
  const { bucket, object } = event?.detail ?? {};
  const key = object?.key;
  if (typeof bucket?.name !== "string" || typeof key !== "string")
    return { ...common, wait_seconds: 0, key: "", problem: "the message is no event of an object" };
  const priority = priorityOf(key);
  return {
    ...common,
    key,
    wait_seconds: waitSeconds(index, depth, priority),
    request: {
      s3_details: { bucket: bucket.name, key, size: object?.size, etag: object?.etag },
      processing_options: { ...event?.processing_options, priority },
      source: event?.source,
      time: event?.time,
      id: event?.id,
    },
  };
}

/** The folder tells: `high/...` goes first, `low/...` last. */
function priorityOf(key: string): "high" | "standard" | "low" {
  const folder = key.slice(0, key.indexOf("/"));
  return folder === "high" || folder === "low" ? folder : "standard";
}

function waitSeconds(index: number, depth: number, priority: "high" | "standard" | "low"): number {
  if (priority === "high" || depth > CALM_DEPTH) return 0;
  return Math.min(MAX_WAIT_SECONDS, index + (priority === "low" ? LOW_PRIORITY_SECONDS : 0));
}

interface ObjectEvent {
  readonly source?: unknown;
  readonly time?: unknown;
  readonly id?: unknown;
  readonly processing_options?: object;
  readonly detail?: {
    readonly bucket?: { readonly name?: unknown };
    readonly object?: { readonly key?: unknown; readonly size?: unknown; readonly etag?: unknown };
  };
}

function parsed(text: string): ObjectEvent | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
