/**
 * THE MAIN PATH: messages -> objects -> claim -> fetch -> tar.gz -> deliver -> done. One batch makes at most one archive.
 * A fault of one object is the fault of its message alone; a fault of the archive is that of all that are in it.
 */
import { Archive } from "./archive.js";
import type { Clients } from "./clients.js";
import { wasRefused, type ArchiveStore } from "./delivery.js";
import { ObjectInProgressError, OutOfTimeError, reasonOf } from "./errors.js";
import { fetchInOrder } from "./fetch.js";
import { Idempotency, objectIdOf, type Claim } from "./idempotency.js";
import { readNotification, type AnnouncedObject } from "./notification.js";
import type { Settings } from "./settings.js";
import { Spool } from "./spool.js";
import { mapLimited } from "./concurrency.js";

export interface Message {
  readonly messageId: string;
  readonly body: string;
}

export interface Surroundings {
  readonly settings: Settings;
  readonly clients: Clients;
  readonly store: ArchiveStore;
  readonly requestId: string;
  readonly remainingMs: number;
  readonly memoryBytes: number;
  /** /tmp. */
  readonly folder: string;
  readonly now: () => Date;
}

export interface Report {
  /** Why each message must come again, by its id. */
  readonly failures: ReadonlyMap<string, unknown>;
  readonly archiveKey: string | undefined;
  readonly files: number;
  readonly duplicates: number;
  readonly archiveBytes: number;
  readonly spilled: boolean;
  readonly stalls: number;
}

interface Item {
  readonly object: AnnouncedObject;
  readonly objectId: string;
  /** All messages that announce it. */
  readonly messageIds: string[];
  claim?: Claim;
  /** The row says what became of it. */
  settled?: true;
}

/** Time kept for the answer and for what must be written at the end. */
const RESERVE_MS = 10_000;
const RESERVE_SHARE = 0.25;
/** A claim outlives its invocation by this: clocks differ. */
const CLAIM_MARGIN_SECONDS = 2;
/** The spool may take this share of the function's memory, whatever is configured. */
const SPOOL_MEMORY_SHARE = 0.25;
const ARCHIVES_PREFIX = "archive/";

export async function aggregate(messages: readonly Message[], surroundings: Surroundings): Promise<Report> {
  const { settings, clients, store, requestId, remainingMs, now } = surroundings;
  if (remainingMs < settings.minRemainingMs) {
    throw new OutOfTimeError(`${remainingMs} ms are left, MIN_REMAINING_TIME_MS asks for ${settings.minRemainingMs}`);
  }
  const failures = new Map<string, unknown>();
  const fail = (item: Item, reason: unknown): void => {
    for (const messageId of item.messageIds) if (!failures.has(messageId)) failures.set(messageId, reason);
  };
  const items = itemsOf(messages, settings, failures);
  const archiveKey = archiveKeyOf(now(), requestId);
  const deadline = armDeadline(
    Math.min(remainingMs - Math.min(RESERVE_MS, remainingMs * RESERVE_SHARE), settings.archiveTimeoutMs),
  );
  const nowSeconds = (): number => Math.floor(now().getTime() / 1000);
  const idempotency = new Idempotency({
    client: clients.table,
    table: settings.idempotencyTable,
    ttlSeconds: settings.idempotencyTtlSeconds,
    owner: requestId,
    archiveKey,
    claimUntilSeconds: nowSeconds() + Math.ceil(remainingMs / 1000) + CLAIM_MARGIN_SECONDS,
    nowSeconds,
    signal: deadline.signal,
  });
  const spool = new Spool(
    surroundings.folder,
    Math.min(settings.spoolMaxMemoryBytes, surroundings.memoryBytes * SPOOL_MEMORY_SHARE),
  );
  const archive = new Archive(spool);
  const stopFetchingAtMs = now().getTime() + remainingMs - settings.minRemainingMs;
  let stalls = 0;
  let duplicates = 0;
  let stage: "packing" | "uploading" | "marking" | "delivered" = "packing";

  /** True when the object is this invocation's to archive. */
  const claim = async (item: Item): Promise<boolean> => {
    try {
      const result = await idempotency.claim(item.objectId, item.messageIds[0] ?? "");
      if (result.kind === "in-progress") throw new ObjectInProgressError("another invocation works on it");
      if (result.kind === "done") {
        duplicates += 1;
        return false;
      }
      item.claim = result.claim;
    } catch (error) {
      fail(item, error);
      return false;
    }
    try {
      for (const earlier of item.claim.earlierArchives) {
        if (!(await store.hasArrived(earlier, deadline.signal))) continue;
        await idempotency.done(item.claim, earlier);
        duplicates += 1;
        return false;
      }
      return true;
    } catch (error) {
      fail(item, error);
      await idempotency.lapse(item.claim, reasonOf(error)).catch(() => undefined);
      return false;
    }
  };
  const release = async (item: Item, reason: unknown): Promise<void> => {
    fail(item, reason);
    if (item.claim === undefined) return;
    await idempotency.release(item.claim, reasonOf(reason));
    item.settled = true;
  };

  const archived: Item[] = [];
  try {
    const claimed = await mapLimited(items, settings.fetchWorkers, async (item) =>
      (await claim(item)) ? item : undefined,
    );
    const refused: { readonly item: Item; readonly reason: unknown }[] = [];
    const wanted = claimed.filter((item) => item !== undefined);
    try {
      for await (const result of fetchInOrder(wanted, {
        client: clients.source,
        workers: settings.fetchWorkers,
        queueSize: settings.queueSize,
        maxFileBytes: settings.maxFileBytes,
        signal: deadline.signal,
        stalledAfterMs: settings.queuePutTimeoutMs,
        onStalled: () => (stalls += 1),
      })) {
        const { item } = result;
        if (result.kind === "superseded") {
          if (item.claim !== undefined) await idempotency.done(item.claim, "superseded by a later write");
          item.settled = true;
        } else if (result.kind === "failed") refused.push({ item, reason: result.reason });
        else if (now().getTime() > stopFetchingAtMs)
          refused.push({ item, reason: new OutOfTimeError("no time was left to archive it") });
        else {
          archived.push(item);
          await archive.add({ key: item.object.key, body: result.object.body, modified: result.object.modified });
        }
      }
      // Before the archive arrives: once it has, whoever finds its name in a row takes the object for delivered.
      await mapLimited(refused, settings.fetchWorkers, ({ item, reason }) => release(item, reason));
      if (archived.length > 0) {
        const digest = await archive.finish();
        stage = "uploading";
        const eTag = await store.upload(archiveKey, spool, digest.sizeBytes, deadline.signal);
        stage = "marking";
        await store.mark(archiveKey, eTag, digest, deadline.signal);
        stage = "delivered";
      }
    } catch (error) {
      const reason = deadline.signal.aborted ? deadline.signal.reason : error;
      const nothingSent = stage === "packing" || (stage === "uploading" && wasRefused(error));
      const unsettled = wanted.filter(({ settled }) => settled !== true);
      await mapLimited(unsettled, settings.fetchWorkers, async (item) => {
        fail(item, reason);
        if (item.claim === undefined) return;
        // What was sent may have arrived, or arrive yet: the next delivery looks.
        const end = nothingSent
          ? idempotency.release(item.claim, reasonOf(reason))
          : idempotency.lapse(item.claim, reasonOf(reason));
        await end.catch(() => undefined);
      });
    }
    const delivered = stage === "delivered";
    if (delivered) {
      await mapLimited(archived, settings.fetchWorkers, async (item) => {
        try {
          if (item.claim !== undefined) await idempotency.done(item.claim);
        } catch (error) {
          // Delivered, but not known to be: the message comes again and finds the archive.
          fail(item, error);
        }
      });
    }
    return {
      failures,
      archiveKey: delivered ? archiveKey : undefined,
      files: delivered ? archived.length : 0,
      duplicates,
      archiveBytes: delivered ? spool.sizeBytes : 0,
      spilled: spool.spilled,
      stalls,
    };
  } finally {
    deadline.disarm();
    archive.abandon();
    await spool.remove();
  }
}

/** The objects of all messages, each once. Messages that cannot be read fail; archives of our own are left alone. */
function itemsOf(messages: readonly Message[], settings: Settings, failures: Map<string, unknown>): Item[] {
  const items = new Map<string, Item>();
  for (const { messageId, body } of messages) {
    try {
      for (const object of readNotification(body)) {
        // Where landing zone and store are one bucket, the copy of an archive onto itself would start the next round.
        if (object.bucket === settings.archiveBucket && object.key.startsWith(ARCHIVES_PREFIX)) continue;
        const objectId = objectIdOf(object);
        const known = items.get(objectId);
        if (known === undefined) items.set(objectId, { object, objectId, messageIds: [messageId] });
        else known.messageIds.push(messageId);
      }
    } catch (error) {
      failures.set(messageId, error);
    }
  }
  return [...items.values()];
}

/** `archive/2026/04/30/160512-<request id>.tar.gz`, in UTC. */
function archiveKeyOf(now: Date, requestId: string): string {
  const [date = "", time = ""] = now.toISOString().split("T");
  return `${ARCHIVES_PREFIX}${date.replaceAll("-", "/")}/${time.slice(0, 8).replaceAll(":", "")}-${requestId}.tar.gz`;
}

function armDeadline(limitMs: number): { readonly signal: AbortSignal; readonly disarm: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new OutOfTimeError(`the archive was not through within ${Math.round(limitMs)} ms`)),
    limitMs,
  );
  return { signal: controller.signal, disarm: () => clearTimeout(timer) };
}
