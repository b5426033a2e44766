import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from "@aws-sdk/client-lambda";
import { pack } from "tar-stream";
import { startLoad } from "../kit/load.mjs";
import { signedRequest } from "../kit/sign.mjs";
import { PRODUCT, ROOT } from "../kit/product.mjs";
import { atLeast, atMost, noBound } from "../kit/stats.mjs";

const BATCH = 10;
const CONCURRENCY = 5;
const FILES = 10_000;
const FILE_BYTES = 8 * 1024;
const LANES = 16;

const product = () => createRequire(import.meta.url)(PRODUCT);

export default {
  name: "events",
  order: 130,
  table: "events",
  measures: "SQS mappings beside direct invokes; the aggregation system beside a plain script",
  async run(bench) {
    await mapping(bench);
    await archive(bench);
    await aggregation(bench);
  },
};

/** A function that does nothing, with and without a queue before it, in one run. */
async function mapping(bench) {
  const { createStack } = product();
  const folder = bench.folder("mapping");
  writeFileSync(
    join(folder, "template.yaml"),
    `Transform: AWS::Serverless-2016-10-31
Resources:
  Work: { Type: AWS::SQS::Queue, Properties: { QueueName: work } }
  Noop:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: noop
      Runtime: nodejs22.x
      Handler: index.handler
      CodeUri: .
      Events: { Work: { Type: SQS, Properties: { Queue: !GetAtt Work.Arn, BatchSize: ${BATCH}, ScalingConfig: { MaximumConcurrency: ${CONCURRENCY} } } } }
`,
  );
  writeFileSync(join(folder, "index.js"), "exports.handler = async () => String(process.hrtime.bigint());\n");
  const stack = await createStack({ folder });
  try {
    const sqs = await stack.stack.gateway.service("sqs");
    const count = bench.quick ? 500 : 2000;
    const event = { Records: Array.from({ length: BATCH }, () => ({ body: "x".repeat(100) })) };
    const direct = async (total) => {
      let left = total;
      const lane = async () => {
        while (left-- > 0) await stack.invoke("noop", event);
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, lane));
    };
    const load = await startLoad();
    const request = signedRequest({
      endpoint: stack.endpoint,
      service: "lambda",
      method: "POST",
      path: "/2015-03-31/functions/noop/invocations",
      body: JSON.stringify(event),
    });
    const overHttp = async () =>
      (
        await load.run({
          endpoint: stack.endpoint,
          requests: [request],
          connections: CONCURRENCY,
          seconds: bench.quick ? 1 : 2,
        })
      ).perSecond;
    const lambda = new LambdaClient(stack.clientConfig);
    const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand({}));
    const enable = (Enabled) =>
      lambda.send(new UpdateEventSourceMappingCommand({ UUID: EventSourceMappings[0].UUID, Enabled }));
    await direct(200);
    const perSecond = { direct: [], http: [], queue: [] };
    for (let round = 0; round < bench.rounds(5, 3); round++) {
      let startedAt = performance.now();
      await direct(count);
      perSecond.direct.push((count / (performance.now() - startedAt)) * 1000);
      perSecond.http.push(await overHttp());
      await enable(false);
      await Promise.all(
        Array.from({ length: count * BATCH }, () => sqs.sendMessage("work", { body: "x".repeat(100) })),
      );
      startedAt = performance.now();
      await enable(true);
      for (;;) {
        const { visible, inFlight } = await sqs.depths("work");
        if (visible + inFlight === 0) break;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      perSecond.queue.push((count / (performance.now() - startedAt)) * 1000);
    }
    const ratiosTo = (base) => perSecond.queue.map((value, round) => value / base[round]);
    bench.row(
      `SQS to Lambda, batch ${BATCH}: invocations/s vs direct warm invokes/s over HTTP, c=${CONCURRENCY}`,
      atLeast(0.5, "x"),
      ratiosTo(perSecond.http),
      {
        note: `${Math.round(Math.max(...perSecond.queue))} batches/s at best`,
      },
    );
    bench.row(
      `the same vs warm invokes in the stack's own process, without HTTP`,
      noBound("x"),
      ratiosTo(perSecond.direct),
    );
    lambda.destroy();
    const latencies = [];
    for (let i = 0; i < (bench.quick ? 50 : 300); i++) {
      // Only so many are remembered: the newest one is another, their number may stay the same.
      const newest = () => stack.invocations("noop").at(-1);
      const before = newest();
      const sentAt = process.hrtime.bigint();
      await stack.sqs.send("work", "x");
      const last = await stack.waitFor(() => newest() !== before && newest());
      latencies.push(Number(BigInt(last.payload) - sentAt) / 1e6);
    }
    latencies.sort((a, b) => a - b);
    bench.row(
      "SQS, SendMessage over HTTP to the handler's first line, p50",
      atMost(10, " ms"),
      latencies[latencies.length >> 1],
    );
  } finally {
    await stack.close();
  }
}

/** Tar and gzip of many small files while they come, beside gzipSync of the same tar. */
async function archive(bench) {
  const { Archive, Spool } = product();
  const files = Array.from({ length: FILES }, (_, i) => ({
    key: `in/${i}.txt`,
    body: textOf(i),
    modified: new Date(0),
  }));
  const folder = bench.folder("archive");
  const ours = [];
  const theirs = [];
  for (let round = 0; round < bench.rounds(15, 3); round++) {
    let startedAt = performance.now();
    const spool = new Spool(folder, 1e9);
    const made = new Archive(spool);
    for (const file of files) await made.add(file);
    await made.finish();
    ours.push(performance.now() - startedAt);
    const tar = gunzipSync(spool.body());
    await spool.remove();
    startedAt = performance.now();
    gzipSync(tar);
    theirs.push(performance.now() - startedAt);
  }
  bench.row(
    "tar.gz of 10,000 files of 8 KB, streamed / `gzipSync` of the same tar",
    atMost(1.15, "x"),
    ours.map((ms, i) => ms / theirs[i]),
  );
}

/** 10,000 files through bucket, queue, function and archive store, beside a script that does the same calls itself. */
async function aggregation(bench) {
  const { createStack } = product();
  const count = bench.quick ? 1000 : FILES;
  const folder = bench.folder("aggregation");
  mkdirSync(join(folder, "src"));
  symlinkSync(join(ROOT, "template.yaml"), join(folder, "template.yaml"));
  symlinkSync(join(ROOT, "src/functions"), join(folder, "src/functions"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const stack = await createStack({
    folder,
    // On a port of its own; the secret follows it.
    config: { secondStores: { minio: { port: 9000, buckets: ["archives"] } } },
  });
  const client = (endpoint, key) =>
    new S3Client({
      endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: { accessKeyId: key, secretAccessKey: key },
      requestHandler: { httpAgent: { keepAlive: true, maxSockets: 64 } },
    });
  const s3 = client(stack.endpoint, "test");
  const store = client(stack.stack.secondStores[0].gateway.endpoint, "minioadmin");
  try {
    await s3.send(new CreateBucketCommand({ Bucket: "plain" }));
    const names = Array.from({ length: count }, (_, i) => `in/${i}.txt`);
    const put = (Bucket) => inLanes(names, (Key, i) => s3.send(new PutObjectCommand({ Bucket, Key, Body: textOf(i) })));
    await stack.waitFor(() => stack.invocations("aggregation").length > 0, { timeoutMs: 30_000 });
    let startedAt = performance.now();
    await put("partner-landing-bucket");
    await stack.waitFor(
      async () => {
        const { visible, inFlight } = await stack.sqs.depth("landing-files");
        return visible + inFlight === 0;
      },
      { timeoutMs: 600_000 },
    );
    const ours = performance.now() - startedAt;

    startedAt = performance.now();
    await put("plain");
    const batches = Array.from({ length: Math.ceil(count / BATCH) }, (_, i) => names.slice(i * BATCH, (i + 1) * BATCH));
    await inLanes(batches, async (batch, number) => {
      const tar = pack();
      for (const Key of batch) {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: "plain", Key }));
        tar.entry({ name: Key }, Buffer.from(await Body.transformToByteArray()));
      }
      tar.finalize();
      const chunks = [];
      for await (const chunk of tar) chunks.push(chunk);
      const Key = `plain/${number}.tar.gz`;
      await store.send(new PutObjectCommand({ Bucket: "archives", Key, Body: gzipSync(Buffer.concat(chunks)) }));
      await store.send(
        new CopyObjectCommand({
          Bucket: "archives",
          Key,
          CopySource: `archives/${Key}`,
          MetadataDirective: "REPLACE",
          Metadata: { sha256_checksum: "x" },
        }),
      );
      await store.send(new HeadObjectCommand({ Bucket: "archives", Key }));
    });
    const theirs = performance.now() - startedAt;
    bench.row(
      `${count.toLocaleString("en-US")} files of 8 KB through S3, SQS, Lambda and the archive store / a plain script with the same PUTs, GETs, gzip and delivery`,
      atMost(3, "x"),
      ours / theirs,
      { note: `${Math.round((count / ours) * 1000)} files/s` },
    );
    const peaks = stack.invocations("aggregation").map(({ report }) => report.maxMemoryUsedMb);
    bench.row("aggregation function, 10,000 files: RSS", atMost(256, " MB"), Math.max(...peaks));
  } finally {
    s3.destroy();
    store.destroy();
    await stack.close();
  }
}

async function inLanes(items, work) {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < items.length; i = next++) await work(items[i], i);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** 8 KB that gzip has some work with. */
function textOf(seed) {
  let state = seed + 1;
  let text = "";
  while (text.length < FILE_BYTES) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    text += `${state.toString(36)} record ${seed}\n`;
  }
  return Buffer.from(text.slice(0, FILE_BYTES));
}
