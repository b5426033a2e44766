/**
 * `node scripts/fuzz-parser.mjs [cases] [seed]`: the parser of the Runtime API against Node's own, on generated and on
 * broken requests, in as many threads as there are processors. Says the seed, so that a failing case can be run again:
 * `node scripts/fuzz-parser.mjs 1 SEED`.
 */
import { build } from "esbuild";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const FOLDER = join(import.meta.dirname, "../node_modules/.cache/lambda-run-bench");
const BUNDLE = join(FOLDER, "fuzz.cjs");
const DEFAULT_CASES = 1_000_000;
/** A leak of some tens of bytes a case would show. */
const MAX_GROWTH_MB = 16;
const MAX_SHOWN = 5;
/** A case takes a fraction of a millisecond; one that takes this long hangs. */
const HANG_MS = 10_000;

export async function fuzzParser(cases = DEFAULT_CASES, firstSeed = Date.now() % 2 ** 31) {
  mkdirSync(FOLDER, { recursive: true });
  const entry = join(import.meta.dirname, "../test/runtime/wire/fuzz.ts");
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    outfile: BUNDLE,
    logLevel: "error",
  });
  const threads = Math.min(availableParallelism(), cases);
  const start = performance.now();
  const shares = await Promise.all(
    Array.from({ length: threads }, (_, i) => {
      const from = Math.floor((cases * i) / threads);
      return runShare(firstSeed + from, Math.floor((cases * (i + 1)) / threads) - from);
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const faults = shares.flatMap((share) => share.faults);
  const grownMb = Math.max(...shares.map((share) => share.grownMb));
  return {
    firstSeed,
    cases,
    perSecond: cases / seconds,
    faults,
    grownMb,
    ok: faults.length === 0 && grownMb <= MAX_GROWTH_MB,
  };
}

/** One thread's part. A thread that says nothing for too long hangs in the seed it named last. */
function runShare(firstSeed, cases) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { firstSeed, cases } });
    let timer;
    const expect = (seed) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        void worker.terminate();
        reject(new Error(`a case from seed ${seed} on hangs`));
      }, HANG_MS);
    };
    expect(firstSeed);
    worker.on("message", (message) => {
      if (typeof message === "number") expect(message);
      else resolve(message);
    });
    worker.on("error", reject);
    worker.on("exit", () => clearTimeout(timer));
  });
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- the port of a thread has no origin
const tell = (message) => parentPort.postMessage(message);

function work({ firstSeed, cases }) {
  const { fuzzCase } = createRequire(import.meta.url)(BUNDLE);
  // Garbage is no growth: it is collected before each look.
  setFlagsFromString("--expose-gc");
  const heapBytes = () => {
    runInNewContext("gc")();
    return process.memoryUsage().heapUsed;
  };
  const faults = [];
  let settledBytes = 0;
  for (let i = 0; i < cases; i++) {
    if (i % 1000 === 0) tell(firstSeed + i);
    if (i === Math.floor(cases / 10)) settledBytes = heapBytes();
    const fault = fuzzCase(firstSeed + i);
    if (fault !== undefined) faults.push(fault);
  }
  tell({ faults, grownMb: (heapBytes() - settledBytes) / 2 ** 20 });
}

if (!isMainThread) work(workerData);
else if (process.argv[1] === import.meta.filename) {
  const [cases, seed] = process.argv.slice(2).map(Number);
  const { firstSeed, perSecond, faults, grownMb, ok, ...run } = await fuzzParser(cases, seed);
  for (const fault of faults.slice(0, MAX_SHOWN)) console.error(`${fault}\n`);
  console.log(
    `${run.cases} cases from seed ${firstSeed}, ${Math.round(perSecond)} a second: ${faults.length} faults, heap grew ${grownMb.toFixed(1)} MB`,
  );
  process.exitCode = ok ? 0 : 1;
}
