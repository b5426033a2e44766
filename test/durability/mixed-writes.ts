/**
 * Writers of every kind, each with a ledger of its own, and the check of what must be there after a SIGKILL. The SDK
 * never tries a write twice here: what failed stays unknown.
 */
import { createHash } from "node:crypto";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import type { Random } from "../runtime/wire/request-grammar.js";
import type { Clients } from "./clients.js";
import { Possible } from "./ledger.js";

export interface Writer {
  /** One write. Rejects when the process is gone. */
  write(clients: Clients): Promise<void>;
  /** Throws when something acknowledged is missing, or something is there twice. */
  check(clients: Clients): Promise<void>;
}

/** Above this size S3 keeps a body in a file of its own. */
const FILE_BYTES = 100_000;
const SMALL_BYTES = 500;
const ABSENT = "absent";

/** Puts, replaces and deletes some keys, small and large. */
export function objectWriter(bucket: string, name: string, random: Random): Writer {
  const keys = Array.from({ length: 4 }, (_, i) => ({
    key: `${name}/${i}`,
    state: new Possible(ABSENT),
    size: i % 2 === 0 ? SMALL_BYTES : FILE_BYTES,
  }));
  let serial = 0;
  return {
    async write({ s3 }) {
      const target = keys[Math.floor(random() * keys.length)];
      if (target === undefined) return;
      const { key: Key, state, size } = target;
      if (random() < 0.2) {
        state.sending(ABSENT);
        await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
        state.acknowledged(ABSENT);
        return;
      }
      const text = `${name} ${serial++}`;
      state.sending(text);
      await s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key,
          Body: text.padEnd(size, "."),
          Metadata: { digest: digestOf(text.padEnd(size, ".")) },
        }),
      );
      state.acknowledged(text);
    },
    async check({ s3 }) {
      for (const { key, state } of keys) {
        const found = await readObject(s3, bucket, key);
        if (!state.has(found)) throw new Error(`object ${key} is "${found}"; it can only be ${state.toString()}`);
      }
    },
  };
}

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

async function readObject(s3: S3Client, bucket: string, Key: string): Promise<string> {
  try {
    const { Body, Metadata } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    const text = (await Body?.transformToString()) ?? "";
    if (Metadata?.["digest"] !== digestOf(text)) throw new Error(`object ${Key} is not what was put`);
    return text.replace(/\.+$/, "");
  } catch (error) {
    if (error instanceof NoSuchKey) return ABSENT;
    throw error;
  }
}

/** Several writers want the same new key: one of them gets it. */
export function onlyOnceWriter(bucket: string, name: string, round: string, winners: Map<string, string>): Writer {
  let serial = 0;
  return {
    async write({ s3 }) {
      const Key = `${round}/once/${serial++}`;
      try {
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: name, IfNoneMatch: "*" }));
      } catch (error) {
        if (error instanceof Error && /PreconditionFailed|ConditionalRequestConflict/.test(error.name)) return;
        throw error;
      }
      const other = winners.get(Key);
      if (other !== undefined) throw new Error(`${Key} was given to ${other} and to ${name}`);
      winners.set(Key, name);
    },
    async check({ s3 }) {
      for (const [key, winner] of winners) {
        if (winner !== name) continue;
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        const found = await Body?.transformToString();
        if (found !== name) throw new Error(`${key} was acknowledged to ${name} and holds "${found}"`);
      }
    },
  };
}

/** What the senders and receivers of one queue know together. */
export interface QueueLedger {
  readonly url: string;
  readonly sent: Map<string, "acknowledged" | "unknown">;
  readonly deleted: Map<string, "acknowledged" | "unknown">;
  readonly ids: Set<string>;
}

export function messageSender(ledger: QueueLedger, name: string, random: Random): Writer {
  let serial = 0;
  return {
    async write({ sqs }) {
      const bodies = Array.from({ length: random() < 0.5 ? 1 : 5 }, () => `${name} ${serial++}`);
      for (const body of bodies) ledger.sent.set(body, "unknown");
      const ids: (string | undefined)[] = [];
      if (bodies.length === 1) {
        ids.push((await sqs.send(new SendMessageCommand({ QueueUrl: ledger.url, MessageBody: bodies[0] }))).MessageId);
      } else {
        const Entries = bodies.map((MessageBody, i) => ({ Id: String(i), MessageBody }));
        const { Successful = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: ledger.url, Entries }));
        ids.push(...Successful.map(({ MessageId }) => MessageId));
      }
      for (const body of bodies) ledger.sent.set(body, "acknowledged");
      for (const id of ids) {
        if (id === undefined || ledger.ids.has(id)) throw new Error(`message id ${id} was given twice`);
        ledger.ids.add(id);
      }
    },
    check: () => Promise.resolve(),
  };
}

/** Receives and deletes. Its check drains the queue: each message must come once, and none that was deleted. */
export function messageReceiver(ledger: QueueLedger): Writer {
  return {
    async write({ sqs }) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: ledger.url, MaxNumberOfMessages: 1, VisibilityTimeout: 3600 }),
      );
      for (const { Body = "", ReceiptHandle } of Messages) {
        ledger.deleted.set(Body, "unknown");
        await sqs.send(new DeleteMessageCommand({ QueueUrl: ledger.url, ReceiptHandle }));
        ledger.deleted.set(Body, "acknowledged");
      }
    },
    async check({ sqs }) {
      const { Attributes = {} } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: ledger.url, AttributeNames: ["All"] }),
      );
      const visible = Number(Attributes["ApproximateNumberOfMessages"]);
      const hidden = Number(Attributes["ApproximateNumberOfMessagesNotVisible"]);
      const drained = new Set<string>();
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: ledger.url, MaxNumberOfMessages: 10, VisibilityTimeout: 3600 }),
        );
        if (Messages.length === 0) break;
        for (const { Body = "" } of Messages) {
          if (drained.has(Body)) throw new Error(`message "${Body}" is there twice`);
          if (ledger.deleted.get(Body) === "acknowledged")
            throw new Error(`message "${Body}" was deleted and is there`);
          if (!ledger.sent.has(Body)) throw new Error(`message "${Body}" was never sent`);
          drained.add(Body);
        }
      }
      if (drained.size !== visible) throw new Error(`the queue counted ${visible} messages and gave ${drained.size}`);
      // Received and not deleted when the process died: hidden for an hour, and counted.
      const underWay = [...ledger.deleted.values()].filter((state) => state === "unknown").length;
      if (hidden > underWay + 2)
        throw new Error(
          `${hidden} messages are hidden; at most ${underWay} and those in answers that were lost can be`,
        );
      let missing = 0;
      for (const [body, state] of ledger.sent) {
        if (state === "acknowledged" && !drained.has(body) && !ledger.deleted.has(body)) missing += 1;
      }
      // A receive whose answer was lost hid a message of which no client knows.
      if (missing > hidden) throw new Error(`${missing} acknowledged messages are missing and ${hidden} are hidden`);
    },
  };
}

/** Files of bodies on disk, beside the objects that have one: read when the stack has stopped. */
export async function countLargeObjects({ s3 }: Clients, bucket: string): Promise<number> {
  let count = 0;
  let token: string | undefined;
  do {
    const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }));
    for (const { Size = 0 } of page.Contents ?? []) if (Size >= FILE_BYTES) count += 1;
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return count;
}
