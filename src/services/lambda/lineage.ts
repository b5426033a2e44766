/**
 * Chains of invocations. Every function gets an X-Ray header; the AWS SDK inside it sends that header along with its own
 * calls, and so a function that calls itself, by whatever way round, is seen: after 16 rounds Lambda cuts the chain.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 *
 * The wire form of `Lineage` is not published. Here it is `1:<hash>:<count>` for each function, joined by `|`.
 */
import { createHash, randomFillSync } from "node:crypto";

/** "approximately 16 times" */
const MAX_ROUNDS = 16;
/** More functions in one chain than this are forgotten, the oldest first: header values have bounds. */
const MAX_KEPT = 32;

export interface Lineage {
  /** To hand to the function. */
  readonly header: string;
  /** The function was in this chain too often. */
  readonly endless: boolean;
}

/** The trace header for one more invocation of the function, from the one that came with the call. */
export function continueTrace(received: string | undefined, functionArn: string, nowMs: number): Lineage {
  const hash = hashOf(functionArn);
  // Nearly every chain begins here.
  if (received === undefined)
    return { header: headerOf(newRoot(nowMs), randomHex(16), "0", `1:${hash}:1`), endless: false };
  const fields = new Map<string, string>();
  for (const field of received.split(";")) {
    const equals = field.indexOf("=");
    if (equals > 0) fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  const rounds = roundsIn(fields.get("Lineage"));
  const count = (rounds.get(hash) ?? 0) + 1;
  rounds.delete(hash);
  rounds.set(hash, count);
  const lineage = [...rounds].slice(-MAX_KEPT).map(([other, times]) => `1:${other}:${times}`);
  const root = fields.get("Root") ?? newRoot(nowMs);
  const parent = fields.get("Parent") ?? randomHex(16);
  return {
    header: headerOf(root, parent, fields.get("Sampled") ?? "0", lineage.join("|")),
    endless: count > MAX_ROUNDS,
  };
}

const secondsHex = (ms: number): string => Math.floor(ms / 1000).toString(16);
const newRoot = (nowMs: number): string => `1-${secondsHex(nowMs)}-${randomHex(24)}`;

const headerOf = (root: string, parent: string, sampled: string, lineage: string): string =>
  `Root=${root};Parent=${parent};Sampled=${sampled};Lineage=${lineage}`;

/** The trace of an event that begins a chain: made of the event, so that all its tries have it and none of it is kept. */
export function traceOfEvent(requestId: string, enqueuedMs: number): string {
  const hex = createHash("sha256").update(requestId).digest("hex");
  return `Root=1-${secondsHex(enqueuedMs)}-${hex.slice(0, 24)};Parent=${hex.slice(24, 40)};Sampled=0`;
}

/** Of the traces that the messages of one batch bring, the one in which the function ran most often. */
export function deepestTrace(received: readonly string[], functionArn: string): string | undefined {
  const hash = hashOf(functionArn);
  let [deepest, most]: [string | undefined, number] = [undefined, -1];
  for (const header of received) {
    const count = roundsIn(/(?:^|;)\s*Lineage=([^;]*)/.exec(header)?.[1]).get(hash) ?? 0;
    if (count > most) [deepest, most] = [header, count];
  }
  return deepest;
}

function roundsIn(lineage: string | undefined): Map<string, number> {
  const rounds = new Map<string, number>();
  for (const entry of lineage?.split("|") ?? []) {
    const match = /^(?:\d+:)?([0-9a-f]{8}):(\d+)$/.exec(entry.trim());
    if (match?.[1] !== undefined) rounds.set(match[1], Number(match[2]));
  }
  return rounds;
}

/** Random bytes in stock: asking for a few at a time takes ten times as long. */
const stock = Buffer.alloc(4096);
let usedBytes = stock.length;

function randomHex(digits: number): string {
  const sizeBytes = digits / 2;
  if (usedBytes + sizeBytes > stock.length) {
    randomFillSync(stock);
    usedBytes = 0;
  }
  usedBytes += sizeBytes;
  return stock.toString("hex", usedBytes - sizeBytes, usedBytes);
}

const hashes = new Map<string, string>();

function hashOf(functionArn: string): string {
  let hash = hashes.get(functionArn);
  if (hash === undefined) {
    hash = createHash("sha256").update(functionArn).digest("hex").slice(0, 8);
    hashes.set(functionArn, hash);
  }
  return hash;
}
