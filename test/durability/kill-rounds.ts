/**
 * Kills the stack with SIGKILL in the middle of mixed writes, again and again on one state folder, and checks after
 * each kill that everything acknowledged is there and nothing twice. For the test (some rounds) and for
 * scripts/durability.mjs (twenty).
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { CreateSecretCommand } from "@aws-sdk/client-secrets-manager";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { seededRandom, type Random } from "../runtime/wire/request-grammar.js";
import { clientsFor, type Clients } from "./clients.js";
import { Tally } from "./ledger.js";
import {
  countLargeObjects,
  messageReceiver,
  messageSender,
  objectWriter,
  onlyOnceWriter,
  type QueueLedger,
  type Writer,
} from "./mixed-writes.js";
import { startStack } from "./stack-process.js";
import { checkItemCount, counterWriter, itemWriter, secretWriter, transferWriter } from "./table-writes.js";

export interface KillRoundsOptions {
  /** bin/lambda-run.js */
  readonly cli: string;
  /** An empty folder; the caller removes it. */
  readonly folder: string;
  readonly rounds: number;
  readonly writesPerRound: number;
  readonly seed: number;
  readonly onRound?: (round: number, writes: number) => void;
}

export interface KillRoundsResult {
  readonly kills: number;
  /** Acknowledged writes. */
  readonly writes: number;
}

const BUCKET = "bucket";
const TABLE = "table";
/** These come first among the writers. */
const OBJECT_WRITERS = 2;

export async function runKillRounds(options: KillRoundsOptions): Promise<KillRoundsResult> {
  const { cli, folder, rounds, writesPerRound, seed } = options;
  const random = seededRandom(seed);
  const older: Writer[] = [];
  let writes = 0;
  for (let round = 0; round < rounds; round++) {
    const stack = await startStack(cli, folder);
    const clients = clientsFor(stack.endpoint);
    if (round === 0) await makeShared(clients);
    const writers = await makeWriters(clients, `r${round}`, random);
    // Somewhere in the middle half of the round, whatever is being written then.
    const killAfter = Math.round(writesPerRound * (0.75 + random() / 2));
    let acknowledged = 0;
    let killing: Promise<void> | undefined;
    await Promise.all(
      writers.map(async (writer) => {
        while (killing === undefined) {
          try {
            await writer.write(clients);
            acknowledged += 1;
          } catch (error) {
            if (killing === undefined) throw error;
            if (!isConnectionEnd(error)) throw error;
            return;
          }
          if (acknowledged >= killAfter) killing ??= stack.kill();
        }
      }),
    );
    await killing;
    clients.destroy();
    writes += acknowledged;

    const again = await startStack(cli, folder);
    const readers = clientsFor(again.endpoint);
    for (const writer of [...writers, ...older]) await writer.check(readers);
    await checkItemCount(readers, TABLE);
    const large = await countLargeObjects(readers, BUCKET);
    readers.destroy();
    await again.stop();
    const files = countFiles(join(folder, ".lambda-run", "blobs"));
    if (files !== large) throw new Error(`${files} files of bodies are on disk for ${large} objects`);
    // What one kill left must outlive the next ones too.
    older.push(...writers.slice(0, OBJECT_WRITERS));
    options.onRound?.(round, acknowledged);
  }
  return { kills: rounds, writes };
}

async function makeShared({ s3, dynamodb }: Clients): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await dynamodb.send(
    new CreateTableCommand({
      TableName: TABLE,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
}

async function makeWriters({ sqs, secrets }: Clients, round: string, random: Random): Promise<Writer[]> {
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: `queue-${round}` }));
  await secrets.send(new CreateSecretCommand({ Name: `secret-${round}`, SecretString: "first" }));
  const ledger: QueueLedger = { url: QueueUrl, sent: new Map(), deleted: new Map(), ids: new Set() };
  const winners = { objects: new Map<string, string>(), items: new Map<string, string>() };
  const tally = new Tally();
  return [
    objectWriter(BUCKET, `${round}-a`, random),
    objectWriter(BUCKET, `${round}-b`, random),
    onlyOnceWriter(BUCKET, `${round}-first`, round, winners.objects),
    onlyOnceWriter(BUCKET, `${round}-second`, round, winners.objects),
    messageSender(ledger, `${round}-a`, random),
    messageSender(ledger, `${round}-b`, random),
    messageReceiver(ledger),
    itemWriter(TABLE, `${round}-first`, round, winners.items),
    itemWriter(TABLE, `${round}-second`, round, winners.items),
    counterWriter(TABLE, round, tally),
    counterWriter(TABLE, round, tally),
    transferWriter(TABLE, `${round}-a`),
    secretWriter(`secret-${round}`),
  ];
}

/** What a client sees when the process at the other end is killed. Anything else is a fault. */
function isConnectionEnd(error: unknown): boolean {
  const text =
    error instanceof Error
      ? `${error.name} ${error.message} ${String((error as { code?: unknown }).code)}`
      : String(error);
  return /ECONNRESET|ECONNREFUSED|EPIPE|socket hang up|aborted|TimeoutError/i.test(text);
}

function countFiles(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
}
