/**
 * Looks into the queues of a stack without touching a message: SQS itself has no such call, since a receive counts and
 * hides. In the stack's own process it asks the embedded SQS; another process asks the running stack over HTTP, with a
 * token made from the secret of the state folder, so that only those who may read the folder may look.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Gateway } from "../services/gateway.js";
import { stateSecret } from "../services/kit/state-secret.js";
import type { EmbeddedService, ServiceRequest } from "../services/service.js";
import type { PeekedMessage, SqsAdmin } from "../services/sqs/index.js";
import { AppError } from "../shared/errors.js";

const PATH = "/_lambda-run/queues";
const TOKEN_HEADER = "x-lambda-run-token";
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
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${endpoint}${path}`, { headers: { [TOKEN_HEADER]: tokenOf(stateFolder) } });
    if (answer.ok) return (await answer.json()) as T;
    throw new AppError("LR1004", {
      what: "The running stack does not let us look into its queues",
      where: endpoint,
      why: `${answer.status} ${await answer.text()}`,
      fix: "Stop it and start it anew: it may be of another version.",
    });
  };
  const list = (): Promise<readonly QueueState[]> => ask(PATH);
  return {
    remote: false,
    find: async (queueName) => (await list()).find(({ name }) => name === queueName),
    list,
    peek: (queueName, max) => ask(`${PATH}/${encodeURIComponent(queueName)}?max=${max}`),
  };
}

/** The other end, in the running stack. */
export function serveQueueInspector(gateway: Gateway, stateFolder: string): void {
  const token = Buffer.from(tokenOf(stateFolder));
  const answer = async ({
    path,
    query,
    headers,
  }: ServiceRequest): Promise<readonly [status: number, body: unknown]> => {
    const given = Buffer.from(String(headers[TOKEN_HEADER] ?? ""));
    if (given.length !== token.length || !timingSafeEqual(given, token))
      return [403, { message: "the token is missing or wrong" }];
    const inspector = inspect((await gateway.service("sqs")) as EmbeddedService & SqsAdmin);
    const name = decodeURIComponent(path.slice(PATH.length + 1));
    if (name === "") return [200, await inspector.list()];
    const max = Math.min(MAX_PEEKED, Number(new URLSearchParams(query).get("max") ?? 1));
    return [200, await inspector.peek(name, max)];
  };
  const service: EmbeddedService = {
    async handle(request, response) {
      const [status, body] = await answer(request);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    },
    reset: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  gateway.addService("lambda-run-queues", service, {
    scopes: [],
    paths: [PATH],
    protocol: "rest-json",
    anonymous: true,
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

const tokenOf = (stateFolder: string): string =>
  createHmac("sha256", stateSecret(stateFolder)).update("queue-inspector").digest("hex");
