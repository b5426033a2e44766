/**
 * THE MAIN PATH: list -> queue -> presign -> /tmp -> bucket. One abort signal ties all of it together: whatever fails
 * first (listing, signing, writing, uploading, the clock) stops the rest, and is what the caller hears of.
 */
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import type { ManifestAnswer } from "./answer.js";
import { consume } from "./consumer.js";
import { armDeadline } from "./deadline.js";
import { NearTimeoutError } from "./errors.js";
import type { ManifestRequest, Source } from "./event.js";
import { ManifestFile } from "./manifest-file.js";
import { ManifestUpload } from "./manifest-upload.js";
import type { Metrics } from "./metrics.js";
import { createPresigner } from "./presign.js";
import { produce } from "./producer.js";
import type { ListedObject } from "./producer.js";
import { BoundedQueue } from "./queue.js";
import type { Settings } from "./settings.js";

export interface Surroundings {
  readonly client: S3Client;
  readonly settings: Settings;
  /** Names the manifest, so that a retry of the same request overwrites its own and leaves no second one. */
  readonly id: string;
  /** /tmp. */
  readonly directory: string;
  readonly remainingMs: number;
  readonly partBytes?: number;
}

export interface Made {
  readonly answer: ManifestAnswer;
  readonly metrics: Metrics;
  /** Set when the URLs die sooner than asked, with the credentials that signed them. */
  readonly warning: string | undefined;
}

export async function makeManifest(
  request: ManifestRequest,
  { client, settings, ...call }: Surroundings,
): Promise<Made> {
  const manifestKey = `${settings.manifestPrefix}${call.id}.jsonl`;
  const progress = { keys: 0, bytes: 0 };
  const stop = new AbortController();
  const upload = new ManifestUpload(client, request.bucket, manifestKey, stop.signal);
  const file = new ManifestFile(join(call.directory, `${call.id}.jsonl`), upload, progress, call.partBytes);
  const disarm = armDeadline(call.remainingMs, (limitMs, marginMs) =>
    stop.abort(new NearTimeoutError(limitMs, marginMs, progress)),
  );

  const pump = async (source: Source): Promise<Pumped> => {
    const presigner = await createPresigner(client, source.bucket, request.expiresInSeconds);
    const queue = new BoundedQueue<ListedObject>(settings.queueMax);
    const stopAll = (error: unknown): undefined => {
      stop.abort(error);
      queue.fail(stop.signal.reason);
    };
    stop.signal.addEventListener("abort", stopAll, { once: true });
    // Both are awaited, failed or not: nothing may still write when the file is removed.
    const [keysListed = 0, presignMs = 0] = await Promise.all([
      produce(client, source, settings.manifestPrefix, queue, stop.signal).catch(stopAll),
      consume(queue, presigner, file, progress).catch(stopAll),
    ]);
    stop.signal.throwIfAborted();
    return { keysListed, presignMs, queueHighWater: queue.highWater };
  };

  try {
    const pumped: Pumped[] = [];
    for (const source of request.sources) pumped.push(await pump(source));
    await file.publish();
    const presigner = await createPresigner(client, request.bucket, request.expiresInSeconds);
    const now = new Date();
    const sign = await presigner.at(now);
    return {
      answer: { count: progress.keys, manifest_key: manifestKey, manifest_url: sign(manifestKey) },
      metrics: {
        KeysListed: sum(pumped.map((one) => one.keysListed)),
        ManifestLines: progress.keys,
        ManifestBytes: progress.bytes,
        QueueHighWater: Math.max(...pumped.map((one) => one.queueHighWater)),
        PresignMs: Math.round(sum(pumped.map((one) => one.presignMs))),
      },
      warning: lifeWarning(await presigner.shortfallSeconds(now), request.expiresInSeconds),
    };
  } catch (error) {
    stop.abort(error);
    await file.idle();
    await upload.abandon();
    throw stop.signal.reason;
  } finally {
    disarm();
    await file.remove();
  }
}

interface Pumped {
  readonly keysListed: number;
  readonly presignMs: number;
  readonly queueHighWater: number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

function lifeWarning(shortfallSeconds: number, askedSeconds: number): string | undefined {
  if (shortfallSeconds === 0) return undefined;
  return `URLs were asked to live ${askedSeconds} s but die ${shortfallSeconds} s earlier, with the credentials that signed them.`;
}
