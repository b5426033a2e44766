/**
 * Looks into the queues of a stack without touching a message: SQS itself has no such call, since a receive counts and
 * hides. In the stack's own process it asks the embedded SQS; another process asks the running stack (inspector-door.ts).
 */
import type { Gateway } from "../services/gateway.js";
import type { EmbeddedService } from "../services/service.js";
import type { PeekedMessage, SqsAdmin } from "../services/sqs/index.js";
import { askInspector, inspectorPath, serveInspector } from "./inspector-door.js";

const NAME = "queues";
const MAX_PEEKED = 1000;

export interface QueueState {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  /** Of the oldest message; null when there is none, or the server does not tell. */
  readonly oldestAgeMs: number | null;
  /** Name of the queue to which poison messages go. */
  readonly deadLetterQueue: string | null;
}

export interface QueueInspector {
  /** On another server: counts are approximate there, and a look at messages is a receive. */
  readonly remote: boolean;
  /** Undefined when there is none of this name. */
  find(queueName: string): Promise<QueueState | undefined>;
  list(): Promise<readonly QueueState[]>;
  /** The first messages, left as they are where that is possible. */
  peek(queueName: string, max: number): Promise<readonly PeekedMessage[]>;
}

export interface Inspected {
  /** Undefined when another process owns the state. */
  readonly gateway: Gateway | undefined;
  readonly endpoint: string;
  readonly stateFolder: string;
  readonly foreignQueues: { readonly inspector: QueueInspector } | undefined;
}

export async function queueInspector(inspected: Inspected): Promise<QueueInspector> {
  const { gateway, endpoint, stateFolder, foreignQueues } = inspected;
  if (foreignQueues !== undefined) return foreignQueues.inspector;
  if (gateway !== undefined) return inspect((await gateway.service("sqs")) as EmbeddedService & SqsAdmin);
  const list = (): Promise<readonly QueueState[]> => askInspector({ endpoint, stateFolder }, NAME);
  return {
    remote: false,
    find: async (queueName) => (await list()).find(({ name }) => name === queueName),
    list,
    peek: (queueName, max) =>
      askInspector({ endpoint, stateFolder }, NAME, `/${encodeURIComponent(queueName)}?max=${max}`),
  };
}

/** The other end, in the running stack. */
export function serveQueueInspector(gateway: Gateway, stateFolder: string): void {
  serveInspector(gateway, stateFolder, {
    name: NAME,
    answer: async ({ path, query }) => {
      const inspector = inspect((await gateway.service("sqs")) as EmbeddedService & SqsAdmin);
      const name = decodeURIComponent(path.slice(inspectorPath(NAME).length + 1));
      if (name === "") return [200, await inspector.list()];
      const max = Math.min(MAX_PEEKED, Number(new URLSearchParams(query).get("max") ?? 1));
      return [200, await inspector.peek(name, max)];
    },
  });
}

function inspect(sqs: SqsAdmin): QueueInspector {
  const list = async (): Promise<readonly QueueState[]> => {
    const states: QueueState[] = [];
    for (const { name, arn, url, deadLetterArn } of sqs.queues()) {
      const { visible, inFlight, delayed, oldestAgeMs } = await sqs.depths(name);
      const deadLetterQueue = deadLetterArn === undefined ? null : (deadLetterArn.split(":").pop() ?? null);
      states.push({ name, arn, url, visible, inFlight, delayed, oldestAgeMs: oldestAgeMs ?? null, deadLetterQueue });
    }
    return states.sort((a, b) => (a.name < b.name ? -1 : 1));
  };
  return {
    remote: false,
    find: async (queueName) => (await list()).find(({ name }) => name === queueName),
    list,
    peek: (queueName, max) => Promise.resolve(sqs.peek(queueName, max)),
  };
}
