/** The failures that the aggregation system must survive, in real execution environments: nothing lost, nothing twice. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { allMembers } from "./archives.js";
import type { Fault, SeenRequest } from "./faulty-store.js";
import { AggregationSystem, type SystemOptions } from "./system.js";

jest.setTimeout(60_000);

/** The function's clock is the real one and the queue's is not: a fast machine receives often before a claim expires. */
const PATIENT = 1000;

let system: AggregationSystem;
const start = async (options?: SystemOptions): Promise<AggregationSystem> =>
  (system = await AggregationSystem.start(options));
afterEach(() => system.close());

const files = (count: number, prefix = "in/file"): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix} ${i}.txt`, `content of ${i}\n`.repeat(10)]));

/** Why messages went back, as the function's log says. */
const reasons = (): string[] =>
  system.stack
    .invocations("aggregation")
    .flatMap(({ logs }) => logs)
    .flatMap((line) => /"reason":"([^"]*)"/.exec(line)?.[1] ?? []);
const invoked = (times: number): Promise<unknown> =>
  system.stack.waitFor(() => system.stack.invocations("aggregation").length >= times, { timeoutMs: 20_000 });
const timedOut = (): Promise<unknown> =>
  system.stack.waitFor(
    () => system.stack.invocations("aggregation").some(({ report }) => report.status === "timeout"),
    { timeoutMs: 20_000 },
  );

/** From the request that `seen` tells, the function can end nothing any more, until its timeout kills it. */
function killWhenStoreSees(seen: (request: SeenRequest) => boolean, fault: Fault | undefined): void {
  let killing = false;
  system.store.fault = (request) => {
    if (!killing && !seen(request)) return undefined;
    killing = true;
    return fault;
  };
  system.table.fault = () => (killing ? "silent" : undefined);
}

function stopFaults(): void {
  system.store.fault = undefined;
  system.table.fault = undefined;
}

const putSecret = async (secret: Readonly<Record<string, string>>): Promise<void> => {
  const client = new SecretsManagerClient(system.stack.clientConfig);
  await client.send(new PutSecretValueCommand({ SecretId: "store-keys", SecretString: JSON.stringify(secret) }));
  client.destroy();
};
const dead = (): Promise<{ body: string }[]> => system.stack.sqs.receive("dead", 100);

describe("the aggregation system", () => {
  it("brings files into one archive a batch, which the system's tar opens", async () => {
    const { stack } = await start();
    await system.putTogether({ ...files(9), "in/a+b %20 ü.txt": "awkward" });
    await system.workOff();
    const [archive, ...others] = await system.archives();
    expect(others).toEqual([]);
    expect(archive?.key).toMatch(/^archive\/\d{4}\/\d\d\/\d\d\/\d{6}-[0-9a-f-]{36}\.tar\.gz$/);
    const folder = mkdtempSync(join(tmpdir(), "lambda-run-test-"));
    try {
      writeFileSync(join(folder, "a.tar.gz"), archive?.bytes ?? "");
      execFileSync("tar", ["-xzf", "a.tar.gz"], { cwd: folder });
      for (const [key, body] of Object.entries(files(9))) expect(readFileSync(join(folder, key), "utf8")).toBe(body);
      expect(readFileSync(join(folder, "in/a+b %20 ü.txt"), "utf8")).toBe("awkward");
    } finally {
      rmSync(folder, { recursive: true });
    }
    const rows = await stack.dynamodb.scan("once");
    expect(rows).toHaveLength(10);
    expect(rows[0]).toMatchObject({
      Status: "DONE",
      ArchiveKey: archive?.key,
      ObjectID: expect.stringMatching(/^[0-9a-f]{4}#landing\/in\/.*\/[0-9A-F]{18}$/),
    });
  });

  it("delivers nine good files beside a poison message, which alone goes to the dead-letter queue", async () => {
    await start({ maxReceiveCount: 2 });
    await system.putTogether(files(9), async () => {
      await system.stack.sqs.send("files", "{no json");
    });
    await system.workOff();
    expect(allMembers(await system.archives())).toEqual(Object.keys(files(9)));
    expect((await dead()).map(({ body }) => body)).toEqual(["{no json"]);
    expect(reasons()).toContain("MalformedMessageError: the body is not JSON");
  });

  it("archives an object once that is announced three times", async () => {
    const { stack } = await start();
    await system.putTogether(files(1), async () => {
      const [message] = await stack.sqs.receive("files", 1);
      for (let i = 0; i < 2; i++) await stack.sqs.send("files", message?.body);
      await stack.sqs.send("files", message?.body, { delaySeconds: 60 });
    });
    await system.workOff();
    expect(allMembers(await system.archives())).toEqual(Object.keys(files(1)));
    expect(await dead()).toEqual([]);
  });

  it("archives a new version of a key although the first is archived", async () => {
    await start();
    await system.putTogether({ "in/a.txt": "first" });
    await system.workOff();
    await system.putTogether({ "in/a.txt": "second" });
    await system.workOff();
    const contents = (await system.archives()).map(({ members }) => members.get("in/a.txt"));
    expect(new Set(contents)).toEqual(new Set(["first", "second"]));
    expect(contents).toHaveLength(2);
  });

  it("gives up in time when the store is silent, and loses nothing", async () => {
    // It keeps a quarter of its time for the end: a busy machine needs more than 250 ms.
    await start({ timeoutSeconds: 4, visibilitySeconds: 10, maxReceiveCount: PATIENT });
    system.store.fault = () => "silent";
    await system.putTogether(files(3));
    await invoked(2);
    expect(system.stack.invocations("aggregation").map(({ report }) => report.status)).not.toContain("timeout");
    expect(reasons()[0]).toMatch(/^OutOfTimeError/);
    system.store.fault = undefined;
    await system.workOff(10);
    expect(allMembers(await system.archives())).toEqual(Object.keys(files(3)));
  });

  it("loses nothing when it is killed by its timeout in the middle of an upload", async () => {
    await start({ timeoutSeconds: 1, visibilitySeconds: 10, maxReceiveCount: PATIENT });
    killWhenStoreSees(({ method }) => method === "PUT", "silent");
    await system.putTogether(files(3));
    await timedOut();
    expect(await system.archives()).toEqual([]);
    stopFaults();
    await system.workOff(10);
    expect(allMembers(await system.archives())).toEqual(Object.keys(files(3)));
    expect(await dead()).toEqual([]);
  });

  it.each<[moment: string, seen: (request: SeenRequest) => boolean, fault: Fault | undefined]>([
    ["before its archive is marked", ({ copySource }) => copySource !== undefined, "silent"],
    ["after its archive was marked", ({ copySource }) => copySource !== undefined, undefined],
  ])("does not deliver twice when it is killed %s", async (_moment, seen, fault) => {
    await start({ timeoutSeconds: 1, visibilitySeconds: 10, maxReceiveCount: PATIENT });
    killWhenStoreSees(seen, fault);
    await system.putTogether(files(3));
    await timedOut();
    stopFaults();
    await system.workOff(10);
    const archives = await system.archives();
    expect(archives).toHaveLength(1);
    expect(allMembers(archives)).toEqual(Object.keys(files(3)));
    expect(await dead()).toEqual([]);
  });

  it.each(["refuse", "gone"] as const)(
    "keeps the files when the store answers with %s, and delivers them when it is back",
    async (fault) => {
      await start({ maxReceiveCount: PATIENT, timeoutSeconds: 10 });
      system.store.fault = () => fault;
      await system.putTogether(files(3));
      await system.stack.waitFor(() => system.stack.invocations("aggregation").length >= 2, { timeoutMs: 20_000 });
      expect(await system.archives()).toEqual([]);
      system.store.fault = undefined;
      await system.workOff();
      expect(allMembers(await system.archives())).toEqual(Object.keys(files(3)));
      expect(await dead()).toEqual([]);
    },
  );

  it("marks an archive that has arrived but could not be marked, so that its files come in one archive only", async () => {
    await start({ maxReceiveCount: PATIENT });
    system.store.fault = ({ copySource }) => (copySource === undefined ? undefined : "refuse");
    await system.putTogether(files(3));
    await system.stack.waitFor(() => system.stack.invocations("aggregation").length >= 2, { timeoutMs: 20_000 });
    system.store.fault = undefined;
    await system.workOff();
    expect(allMembers(await system.archives())).toEqual(Object.keys(files(3)));
  });

  it("brings nothing twice when an upload is carried out after its sender has died", async () => {
    await start({ timeoutSeconds: 1, visibilitySeconds: 10, maxReceiveCount: PATIENT });
    killWhenStoreSees(({ method }) => method === "PUT", "late");
    await system.putTogether(files(3));
    await timedOut();
    stopFaults();
    await system.workOff(10);
    await system.store.letLateRequestsGo();
    expect(allMembers(await system.archives())).toEqual(Object.keys(files(3)));
    expect(await dead()).toEqual([]);
  });

  it("asks for the keys anew when the store refuses those that it has", async () => {
    await start({ maxReceiveCount: 2 });
    await putSecret({ endpoint_url: system.store.endpoint, access_key: "minioadmin", secret_key: "wrong" });
    await system.putTogether(files(2));
    await system.stack.waitFor(() => system.stack.invocations("aggregation").length === 2, { timeoutMs: 20_000 });
    expect(reasons()[0]).toMatch(/^SignatureDoesNotMatch/);
    // The warm function still holds the wrong one, for five minutes.
    await putSecret({ endpoint_url: system.store.endpoint, access_key: "minioadmin", secret_key: "minioadmin" });
    await system.workOff();
    expect(allMembers(await system.archives())).toEqual(Object.keys(files(2)));
    expect(await dead()).toEqual([]);
  });

  it("is not started by its own archives when they go into the bucket that it reads", async () => {
    const { stack } = await start({ env: { MINIO_BUCKET: "landing" } });
    await putSecret({ endpoint_url: stack.endpoint, access_key: "test", secret_key: "test" });
    await system.putTogether(files(2));
    await system.workOff();
    expect(await stack.s3.list("landing", "archive/")).toHaveLength(1);
    expect(await dead()).toEqual([]);
  });

  it("reports an object that was deleted before it was fetched, and delivers the others", async () => {
    const { stack } = await start({ maxReceiveCount: 1 });
    const s3 = new S3Client(stack.clientConfig);
    await system.putTogether(files(3), async () => {
      await s3.send(new DeleteObjectCommand({ Bucket: "landing", Key: "in/file 1.txt" }));
    });
    s3.destroy();
    await system.workOff();
    expect(allMembers(await system.archives())).toEqual(["in/file 0.txt", "in/file 2.txt"]);
    const [message, ...others] = await dead();
    expect(message?.body).toContain("in/file+1.txt");
    expect(others).toEqual([]);
    expect(reasons()).toEqual(["ObjectRefusedError: the object is gone"]);
    const failed = (await stack.dynamodb.scan("once")).filter(({ Status }) => Status === "FAILED");
    expect(failed).toMatchObject([{ Reason: "ObjectRefusedError: the object is gone" }]);
  });

  it("reports an object over the size limit, and delivers the others", async () => {
    await start({ maxReceiveCount: 1, env: { MAX_FILE_SIZE_BYTES: "1000" } });
    await system.putTogether({ "in/small.txt": "x", "in/large.txt": "x".repeat(1001) });
    await system.workOff();
    expect(allMembers(await system.archives())).toEqual(["in/small.txt"]);
    expect((await dead()).map(({ body }) => body.includes("large"))).toEqual([true]);
    expect(reasons()).toEqual(["ObjectRefusedError: the object has 1001 bytes, allowed are 1000"]);
  });

  it("writes the metrics that the alarms and dashboards of the system name", async () => {
    const { stack } = await start({ env: { ENVIRONMENT: "staging" } });
    await system.putTogether(files(2));
    await system.workOff();
    const metrics = stack
      .invocations("aggregation")
      .flatMap(({ logs }) => logs)
      .filter((line) => line.startsWith('{"_aws"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(metrics.at(-1)).toMatchObject({
      Environment: "staging",
      FilesProcessed: 2,
      ArchiveSpilledToDisk: 0,
      QueuePutStalled: 0,
      ArchiveSizeBytes: expect.any(Number),
      ProcessingLatencyMs: expect.any(Number),
      ColdStart: expect.any(Number),
    });
    expect(JSON.stringify(metrics)).not.toContain("in/file");
  });
});
