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
} from "./docker.js";
import { normalisedJson, objectsOf, rawKeysOf, rowsOf } from "./observed.js";

jest.setTimeout(180_000);
const ROOT = join(__dirname, "../..");
const KEYS = { accessKeyId: "minioadmin", secretAccessKey: "minioadmin" };
const LANDING = "partner/2026/04/30/";
const event = (path: string): unknown => JSON.parse(readFileSync(join(ROOT, "fixtures/events", path), "utf8"));

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
}

const containers = { minio: { image: MINIO_IMAGE }, localstack: { image: LOCALSTACK_IMAGE } };
const EMBEDDED: World = { config: {}, realStore: false };
const WORLDS: Readonly<Record<string, World>> = {
  "MinIO in a container": { config: { backends: { s3: "containers" }, containers }, realStore: true },
  // `npm run test:containers` says when there is none.
  ...(hasImage(LOCALSTACK_IMAGE)
    ? { "MinIO and LocalStack in containers": { config: { backend: "containers", containers }, realStore: true } }
    : {}),
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
  if (config.backend === "containers" && withoutDynamoDb(LOCALSTACK_IMAGE)) {
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
  const s3 = new S3Client({ ...stack.clientConfig, endpoint, credentials });
  closers.push(() => s3.destroy());
  const answers: Record<string, unknown> = {};
  for (const [name, functionName, payload] of INVOCATIONS) {
    const result = await stack.invoke(functionName, payload);
    answers[name] = normalisedJson({ payload: result.payload, error: result.error });
  }
  const archives = await objectsOf(store, "archives");
  const before = await rawKeysOf(store, "archives");
  const reached = await followUrls(stack);

  const files = await stack.s3.list("partner-landing-bucket", LANDING);
  for (const [index, key] of files.entries()) await stack.sqs.send("landing-files", announcement(key, index));
  const done = async (): Promise<boolean> => {
    const rows = await stack.dynamodb.scan("aggregation-idempotency");
    return (
      rows.filter((row) => /C8D4E0C0..$/.test(String(row["ObjectID"])) && row["Status"] === "DONE").length ===
      files.length
    );
  };
  for (let round = 0; !(await done()); round += 1) {
    if (round === 300) throw new Error("the queue is not worked off");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { visible, inFlight } = await stack.sqs.depth("landing-files");
  // How many of them come in one batch is the queue's affair: what is compared is all that has arrived.
  const byQueue = (await objectsOf(store, "archives", before)).flatMap(({ content }) => content as unknown[]);
  return {
    answers,
    reached,
    archives,
    byQueue: byQueue.map((member) => JSON.stringify(member)).sort(),
    left: { visible, inFlight },
    reports: await objectsOf(s3, "my-company-reports-bucket"),
    landing: await objectsOf(s3, "partner-landing-bucket"),
    rows: rowsOf(await stack.dynamodb.scan("aggregation-idempotency")),
    deadLetters: (await stack.sqs.receive("landing-files-dlq")).length,
  };
}

/** What each URL of one manifest gives to somebody without keys, and what the manifest's own does. */
async function followUrls(stack: TestStack): Promise<unknown> {
  const { payload } = await stack.invoke<{ manifest_url: string }>("manifest", event("direct/direct.json"));
  const lines = (await (await fetch(payload.manifest_url)).text()).trim().split("\n");
  return Promise.all(
    lines.map(async (line) => {
      const { key, url } = JSON.parse(line) as { key: string; url: string };
      const answer = await fetch(url);
      const forged = await fetch(url.replace("X-Amz-Signature=", "X-Amz-Signature=0"));
      await forged.body?.cancel();
      const bytes = Buffer.from(await answer.arrayBuffer());
      return {
        key,
        status: answer.status,
        type: answer.headers.get("content-type"),
        bytes: bytes.length,
        forged: forged.status,
      };
    }),
  );
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
      left: { visible: 0, inFlight: 0 },
      deadLetters: 0,
    });
    expect(embedded["reached"]).toHaveLength(24);
    expect(embedded["byQueue"]).toHaveLength(11);
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
