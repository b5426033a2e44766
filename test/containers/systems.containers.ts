/**
 * The manifest and the aggregation system of this repository, from its own template, on embedded services and on real
 * servers: the same events, and then every answer, object and row of one world against the other.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import type { LambdaRunConfig } from "../../src/config/schema.js";
import { createStack, type TestStack } from "../../src/index.js";
import {
  containersOf,
  hasImage,
  LOCALSTACK_IMAGE,
  MINIO_IMAGE,
  MOTO_IMAGE,
  runServer,
  withoutDynamoDb,
  ENGINE_PACE,
} from "./docker.js";
import { until } from "../until.js";
import { normalised, normalisedJson, objectsOf, rawKeysOf, rowsOf } from "./observed.js";

jest.setTimeout(180_000);
const ROOT = join(__dirname, "../..");
const KEYS = { accessKeyId: "minioadmin", secretAccessKey: "minioadmin" };
const LANDING = "partner/2026/04/30/";
const event = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, "fixtures/events", path), "utf8"));

/** Files that a partner puts there while the stack runs; the bucket tells the queue. */
const UPLOADS = {
  "partner/uploaded/a+b %20 ü.txt": "awkward",
  "partner/uploaded/one-line": "1\n",
  "partner/uploaded/deep/er/report (1).csv": "a;b\n1;2\n",
};
const LATE = "2026/04/late bérichté.pdf";

/** Each invocation of a function with an event of the repository. */
const INVOCATIONS: readonly (readonly [name: string, functionName: string, event: unknown])[] = [
  ["manifest of a prefix", "manifest", event("direct/direct.json")],
  ["manifest of an S3 event", "manifest", event("s3/s3.json")],
  ["manifest by REST API", "manifest", event("api-gateway/rest.json")],
  ["manifest by HTTP API", "manifest", event("api-gateway/http.json")],
  ["manifest by function URL", "manifest", event("api-gateway/function-url.json")],
  ["manifest from a state machine", "manifest", event("step-functions/step-functions.json")],
  ["manifest of nothing", "manifest", { prefix: "there/is/nothing/" }],
  ["manifest of another event", "manifest", event("sqs/sqs.json")],
  ["aggregation", "aggregation", event("sqs/sqs.json")],
  ["aggregation of the same again", "aggregation", event("sqs/sqs.json")],
  ["aggregation of duplicates", "aggregation", event("sqs/sqs-duplicates.json")],
  ["aggregation with poison among it", "aggregation", event("sqs/sqs-poison.json")],
  ["aggregation from a FIFO queue", "aggregation", event("sqs/sqs-fifo.json")],
  ["aggregation of another bucket", "aggregation", event("sqs/sqs-s3.json")],
];

interface World {
  readonly config: LambdaRunConfig;
  /** The store on premise is MinIO in a container of its own; else the second store of lambda-run. */
  readonly realStore: boolean;
  /** LocalStack's S3 tells queues what happens and knows no functions of ours; and it takes any presigned URL for good. */
  readonly localstackS3?: boolean;
}

const containers = { minio: { image: MINIO_IMAGE }, localstack: { image: LOCALSTACK_IMAGE } };
const EMBEDDED: World = { config: {}, realStore: false };
const LOCALSTACK_WORLDS: Readonly<Record<string, World>> = {
  "MinIO and LocalStack in containers": { config: { backend: "containers", containers }, realStore: true },
  "LocalStack in a container": {
    config: {
      backends: { s3: "localstack", sqs: "localstack", secretsmanager: "localstack", ssm: "localstack" },
      containers,
    },
    realStore: true,
    localstackS3: true,
  },
};
const WORLDS: Readonly<Record<string, World>> = {
  "MinIO in a container": { config: { backends: { s3: "containers" }, containers }, realStore: true },
  // `npm run test:containers` says when there is none.
  ...(hasImage(LOCALSTACK_IMAGE) ? LOCALSTACK_WORLDS : {}),
};

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  expect(containersOf(ROOT)).toEqual([]);
});

async function open({ config, realStore }: World): Promise<{ stack: TestStack; store: S3Client }> {
  const parameterOverrides: Record<string, string> = {};
  const backends: LambdaRunConfig["backends"] = { ...config.backends };
  let storeUrl: string | undefined;
  if (realStore) {
    const server = await runServer(
      MINIO_IMAGE,
      9000,
      // The system asks for encryption, for which MinIO needs a key of its own.
      {
        MINIO_ROOT_USER: "minioadmin",
        MINIO_ROOT_PASSWORD: "minioadmin",
        MINIO_KMS_SECRET_KEY: `own:${"A".repeat(43)}=`,
      },
      ["server", "/data"],
    );
    closers.push(() => server.stop());
    storeUrl = server.url;
    parameterOverrides["ArchiveEndpointUrl"] = server.url;
  }
  const all = config.backend === "containers" || backends.ssm === "localstack";
  if (all && !withoutDynamoDb(LOCALSTACK_IMAGE)) backends.dynamodb = "localstack";
  else if (all) {
    const server = await runServer(MOTO_IMAGE, 5000);
    closers.push(() => server.stop());
    backends.dynamodb = { url: server.url, ...KEYS };
  }
  const stack = await createStack({ folder: ROOT, seeds: true, config: { ...config, backends, parameterOverrides } });
  closers.push(() => stack.close());
  storeUrl ??= stack.stack.secondStores[0]?.gateway.endpoint ?? "";
  const store = new S3Client({
    endpoint: storeUrl,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { ...KEYS },
  });
  closers.push(() => store.destroy());
  if (realStore) await store.send(new CreateBucketCommand({ Bucket: "archives" }));
  return { stack, store };
}

/** What a bucket announces to the queue when a file has arrived. */
const announcement = (key: string, index: number): unknown => ({
  Records: [
    {
      eventVersion: "2.1",
      eventSource: "aws:s3",
      awsRegion: "us-east-1",
      eventTime: "2026-04-30T16:05:12.417Z",
      eventName: "ObjectCreated:Put",
      s3: {
        s3SchemaVersion: "1.0",
        bucket: { name: "partner-landing-bucket", arn: "arn:aws:s3:::partner-landing-bucket" },
        object: {
          key: encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+"),
          size: 2048,
          sequencer: `0065F2A1C8D4E0C0${index.toString(16).toUpperCase().padStart(2, "0")}`,
        },
      },
    },
  ],
});

/** Runs both systems in a world and says what came of it. */
async function observe(world: World): Promise<Record<string, unknown>> {
  const { stack, store } = await open(world);
  const { endpoint = stack.endpoint, credentials } = stack.stack.addressOf("s3");
  const s3 = new S3Client({ ...stack.clientConfig, maxAttempts: 3, endpoint, credentials });
  closers.push(() => s3.destroy());
  const answers: Record<string, unknown> = {};
  for (const [name, functionName, payload] of INVOCATIONS) {
    const result = await stack.invoke(functionName, payload);
    answers[name] = normalisedJson({ payload: result.payload, error: result.error });
  }
  const archives = await objectsOf(store, "archives");
  const before = await rawKeysOf(store, "archives");
  const { reached, forged } = await followUrls(stack);

  const files = await stack.s3.list("partner-landing-bucket", LANDING);
  for (const [index, key] of files.entries()) await stack.sqs.send("landing-files", announcement(key, index));
  await worksOff(stack, (id) => /C8D4E0C0..$/.test(id), files.length);
  // How many of them come in one batch is the queue's affair: what is compared is all that has arrived.
  const byQueue = (await objectsOf(store, "archives", before)).flatMap(({ content }) => content as unknown[]);

  const known = await rawKeysOf(store, "archives");
  for (const [key, body] of Object.entries(UPLOADS)) await stack.s3.put("partner-landing-bucket", key, body);
  await worksOff(stack, (id) => id.includes("partner/uploaded/"), Object.keys(UPLOADS).length);
  const uploaded = (await objectsOf(store, "archives", known)).flatMap(({ content }) => content as unknown[]);

  return {
    answers,
    reached,
    archives,
    byQueue: byQueue.map((member) => JSON.stringify(member)).sort(),
    uploaded: uploaded.map((member) => JSON.stringify(member)).sort(),
    ...(world.localstackS3 === true ? {} : { forged, byUpload: await manifestByUpload(stack) }),
    reports: (await objectsOf(s3, "my-company-reports-bucket")).filter(
      ({ key }) => key !== LATE && !key.includes("ID"),
    ),
    landing: await objectsOf(s3, "partner-landing-bucket"),
    rows: rowsOf(await stack.dynamodb.scan("aggregation-idempotency")),
    deadLetters: (await stack.sqs.receive("landing-files-dlq")).length,
  };
}

/** Resolves when this many objects are marked as delivered, and no message is left of them. */
async function worksOff(stack: TestStack, isOne: (objectId: string) => boolean, count: number): Promise<void> {
  await until(async () => {
    const rows = await stack.dynamodb.scan("aggregation-idempotency");
    const { visible, inFlight } = await stack.sqs.depth("landing-files");
    const delivered = rows.filter(({ ObjectID, Status }) => isOne(String(ObjectID)) && Status === "DONE").length;
    return delivered === count && visible + inFlight === 0;
  }, ENGINE_PACE);
}

/** A report that arrives fires the function, whose manifest then names it. */
async function manifestByUpload(stack: TestStack): Promise<unknown> {
  const fired = () =>
    stack
      .invocations("manifest")
      .find(({ event: given }) => JSON.stringify(given).includes(encodeURIComponent("bérichté")));
  await stack.s3.put("my-company-reports-bucket", LATE, "%PDF-1.4 late");
  const { event: given, payload } = await stack.waitFor(fired, { timeoutMs: 20_000 });
  const { manifest_key: key = "" } = payload as { manifest_key?: string };
  const text = (await stack.s3.get("my-company-reports-bucket", key))?.toString("utf8") ?? "";
  return { given: normalisedJson(given), payload: normalisedJson(payload), lines: normalised(text).split("\n") };
}

/** What each URL of one manifest gives to somebody without keys, and what it gives when its signature is another. */
async function followUrls(stack: TestStack): Promise<{ reached: unknown[]; forged: number[] }> {
  const { payload } = await stack.invoke<{ manifest_url: string }>("manifest", event("direct/direct.json"));
  const lines = (await (await fetch(payload.manifest_url)).text()).trim().split("\n");
  const reached: unknown[] = [];
  const forged: number[] = [];
  for (const line of lines) {
    const { key, url } = JSON.parse(line) as { key: string; url: string };
    const answer = await fetch(url);
    const bytes = Buffer.from(await answer.arrayBuffer());
    reached.push({ key, status: answer.status, type: answer.headers.get("content-type"), bytes: bytes.length });
    const other = await fetch(url.replace("X-Amz-Signature=", "X-Amz-Signature=0"));
    await other.body?.cancel();
    forged.push(other.status);
  }
  return { reached, forged };
}

describe("the systems of this repository", () => {
  let embedded: Record<string, unknown>;
  it("do on embedded services what their events promise", async () => {
    embedded = await observe(EMBEDDED);
    expect(embedded).toMatchObject({
      answers: {
        "manifest of a prefix": { payload: { count: 24, manifest_url: expect.stringContaining("SIGNATURE") } },
        aggregation: { payload: { batchItemFailures: [] } },
        "aggregation with poison among it": { payload: { batchItemFailures: expect.any(Array) } },
      },
      deadLetters: 0,
    });
    expect(embedded["reached"]).toHaveLength(24);
    expect(new Set(embedded["forged"] as number[])).toEqual(new Set([403]));
    expect(embedded["byQueue"]).toHaveLength(11);
    expect(embedded["uploaded"]).toHaveLength(3);
    expect(embedded["byUpload"]).toMatchObject({ payload: { count: 25 } });
  });

  it.each(Object.entries(WORLDS))(
    "give the same answers, objects and rows on %s as on embedded services",
    async (_name, world) => {
      const seen = await observe(world);
      // One at a time: a difference then names what differs.
      for (const [what, value] of Object.entries(seen)) expect([what, value]).toEqual([what, embedded[what]]);
    },
  );
});
