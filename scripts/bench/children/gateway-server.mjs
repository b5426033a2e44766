/**
 * The embedded services on a state folder: `gateway-server.mjs FOLDER [process|disk|off]`. `off` is no choice of the
 * product: it answers before anything is committed, to show what the promise costs.
 */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { PRODUCT } from "../kit/product.mjs";
import { serveCalls } from "../kit/rpc.mjs";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
const product = createRequire(import.meta.url)(PRODUCT);
const [, , folder, durability = "process"] = process.argv;
const realm = { region: "us-east-1", accountId: "000000000000" };
const ROWS_PER_TRANSACTION = 10_000;
const UNCOMMITTED_MS = 200;

let store;
const openStore = () =>
  (store ??= durability === "off" ? openForgetful() : product.StateStore.open({ folder, durability }));
const started = performance.now();
const gateway = await product.startGateway({
  port: 0,
  store: openStore,
  clock: product.realClock,
  bus: new product.Bus(),
  realm,
  log: product.silentLogger,
});
const startMs = performance.now() - started;

/** One transaction stays open for a while and takes in whatever is written; what it holds would be lost with the process. */
function openForgetful() {
  const opened = product.StateStore.open({ folder });
  const any = opened.table("bench");
  let closed = false;
  const keepOpen = () => {
    if (!closed) void any.transactionSync(() => sleep(UNCOMMITTED_MS)).then(keepOpen);
  };
  keepOpen();
  opened.write = async (work) => work();
  const close = opened.close.bind(opened);
  opened.close = async () => {
    closed = true;
    await sleep(2 * UNCOMMITTED_MS);
    await close();
  };
  return opened;
}

serveCalls({
  endpoint: () => ({ endpoint: gateway.endpoint, startMs }),
  loadAll: async () => {
    for (const { name, load } of product.SERVICES) if (load !== undefined) await gateway.service(name);
  },
  cpu: () => process.cpuUsage(),
  fillBucket,
  settle: async () => {
    await sleep(500);
  },
  async close() {
    await gateway.close();
    await store?.close();
  },
});

/** Many objects at once, by the store's own code and many to a transaction: over HTTP a million takes minutes. */
async function fillBucket({ bucket, count, prefix, suffix }) {
  const s3 = await gateway.service("s3");
  await s3.createBucketIfMissing(bucket);
  const rows = new product.S3Store(
    openStore(),
    "s3",
    product.realClock,
    new product.Blobs(openStore(), "s3", product.silentLogger),
  );
  const row = {
    headers: { "content-type": "application/pdf" },
    metadata: {},
    tags: {},
    storageClass: "STANDARD",
    encryption: "AES256",
    versionId: "null",
    modifiedMs: Date.now(),
    // Nobody reads these bodies; an object of no bytes would not count as a report.
    size: 2048,
    eTag: createHash("md5").update("").digest("hex"),
    body: { kind: "empty" },
    checksum: { algorithm: "CRC64NVME", value: "AAAAAAAAAAA=", type: "FULL_OBJECT" },
  };
  for (let done = 0; done < count; done += ROWS_PER_TRANSACTION) {
    await rows.write((abandon) => {
      const target = rows.bucket(bucket);
      for (let i = done; i < Math.min(count, done + ROWS_PER_TRANSACTION); i++) {
        const key = Buffer.from(`${prefix}${String(i).padStart(7, "0")}${suffix}`);
        product.putCurrent(rows, target, key, { ...row, seq: rows.nextSeq() }, abandon);
      }
    });
  }
}
