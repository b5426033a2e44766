/**
 * MD5 of long bodies on a thread of its own. MD5 does some 700 MB/s, as much as everything else that happens to an
 * upload together: side by side the two take half the time. Bytes are handed over in shared memory, a few blocks per
 * body. One thread serves all bodies; it ends with the last of them.
 */
import { Worker } from "node:worker_threads";

export interface Md5 {
  /** A promise means: wait. The bytes may change once it has resolved, or at once where there is none. */
  update(bytes: Buffer): Promise<void> | undefined;
  finish(): Promise<Buffer>;
  abort(): void;
}

const BLOCK_BYTES = 512 * 1024;
const BLOCKS = 4;

/**
 * The thread's program. It is text, because a file would be TypeScript under test and JavaScript in the package.
 * Every block is answered with its offset, so that it can be filled again; the end with the digest.
 */
const PROGRAM = `
const { parentPort } = require("node:worker_threads");
const { createHash } = require("node:crypto");
const jobs = new Map();
parentPort.on("message", ({ job, ring, offset, length, ends }) => {
  if (ring !== undefined) jobs.set(job, { ring, hash: createHash("md5") });
  else if (length !== undefined) {
    const { ring, hash } = jobs.get(job);
    hash.update(new Uint8Array(ring, offset, length));
    parentPort.postMessage({ job, offset });
  } else {
    const { hash } = jobs.get(job);
    jobs.delete(job);
    parentPort.postMessage({ job, md5: ends ? hash.digest("hex") : "" });
  }
});
`;

interface Reply {
  readonly job: number;
  readonly offset?: number;
  readonly md5?: string;
}

interface Job {
  readonly onReply: (reply: Reply) => void;
  readonly onError: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly jobs: Map<number, Job>;
}

let shared: Thread | undefined;
let lastJob = 0;

function acquire(number: number, job: Job): Thread {
  const thread = (shared ??= start());
  thread.jobs.set(number, job);
  return thread;
}

function start(): Thread {
  const worker = new Worker(PROGRAM, {
    eval: true,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  });
  const jobs = new Map<number, Job>();
  worker.unref();
  worker.on("message", (reply: Reply) => jobs.get(reply.job)?.onReply(reply));
  worker.on("error", (error) => {
    if (shared?.worker === worker) shared = undefined;
    for (const job of jobs.values()) job.onError(error instanceof Error ? error : new Error(String(error)));
  });
  return { worker, jobs };
}

function release(thread: Thread, number: number): void {
  thread.jobs.delete(number);
  if (thread.jobs.size > 0) return;
  if (shared === thread) shared = undefined;
  void thread.worker.terminate();
}

export function startThreadedMd5(): Md5 {
  const number = ++lastJob;
  const ring = new SharedArrayBuffer(BLOCK_BYTES * BLOCKS);
  const bytes = Buffer.from(ring);
  const free = Array.from({ length: BLOCKS }, (_, i) => i * BLOCK_BYTES);
  let block = free.pop() ?? 0;
  let filled = 0;
  let wake: (() => void) | undefined;
  let failure: Error | undefined;
  let done: (md5: string) => void = () => undefined;
  const digest = new Promise<string>((resolve) => {
    done = resolve;
  });
  const thread = acquire(number, {
    onReply({ offset, md5 }) {
      if (md5 !== undefined) done(md5);
      else if (offset !== undefined) free.push(offset);
      wake?.();
    },
    onError(error) {
      failure = error;
      done("");
      wake?.();
    },
  });
  const post = (message: object): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread of ours, not a window
    thread.worker.postMessage({ job: number, ...message });
  };
  post({ ring });

  /** Hands the block over; resolves when there is another to fill. */
  async function handOver(): Promise<void> {
    post({ offset: block, length: filled });
    filled = 0;
    for (;;) {
      if (failure !== undefined) throw failure;
      if (free.length > 0) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    block = free.pop() ?? 0;
  }

  async function fill(chunk: Buffer): Promise<void> {
    let at = 0;
    while (at < chunk.length) {
      const copied = chunk.copy(bytes, block + filled, at, at + BLOCK_BYTES - filled);
      at += copied;
      filled += copied;
      if (filled === BLOCK_BYTES) await handOver();
    }
  }

  return {
    update(chunk) {
      if (filled + chunk.length >= BLOCK_BYTES) return fill(chunk);
      chunk.copy(bytes, block + filled);
      filled += chunk.length;
      return undefined;
    },
    async finish() {
      try {
        if (filled > 0) post({ offset: block, length: filled });
        post({ ends: true });
        const md5 = await digest;
        if (failure !== undefined) throw failure;
        return Buffer.from(md5, "hex");
      } finally {
        release(thread, number);
      }
    },
    abort: () => release(thread, number),
  };
}
