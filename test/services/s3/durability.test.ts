import { createHash } from "node:crypto";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { silentLogger } from "../../../src/shared/logger.js";
import { createS3Service } from "../../../src/services/s3/index.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import { killableProgram } from "../../killed-program.js";
import { bytes, refusal, startS3 } from "./fixture.js";

/** A gateway in a process of its own, which tells its port and then waits to be killed. */
const PROGRAM = `
import { startGateway } from ${JSON.stringify(join(process.cwd(), "src/services/gateway.ts"))};
import { StateStore } from ${JSON.stringify(join(process.cwd(), "src/services/kit/state-store.ts"))};
import { realClock } from ${JSON.stringify(join(process.cwd(), "src/shared/clock.ts"))};
import { Bus } from ${JSON.stringify(join(process.cwd(), "src/shared/bus.ts"))};
import { silentLogger } from ${JSON.stringify(join(process.cwd(), "src/shared/logger.ts"))};
const store = StateStore.open({ folder: process.argv[2] });
startGateway({ port: 0, store: () => store, clock: realClock, bus: new Bus(), realm: { region: "us-east-1", accountId: "000000000000" }, log: silentLogger })
  .then((gateway) => process.send(gateway.port));
`;

test("what was acknowledged is there after SIGKILL, and what was not leaves no file", async () => {
  const program = killableProgram("s3-kill", PROGRAM);
  const { folder } = program;
  try {
    const acknowledged = new Map<string, number>();
    for (let life = 0; life < 3; life++) {
      const { child, exited } = program.start([join(folder, "state")]);
      const port = await new Promise<number>((resolve) => child.once("message", (value) => resolve(value as number)));
      const client = new S3Client({
        endpoint: `http://127.0.0.1:${port}`,
        region: "us-east-1",
        forcePathStyle: true,
        maxAttempts: 1,
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
      });
      if (life === 0) await client.send(new CreateBucketCommand({ Bucket: "kept" }));
      let written = 0;
      const write = async (writer: number): Promise<void> => {
        for (let i = 0; ; i++) {
          const key = `${life}/${writer}/${i}`;
          // Rows and files in turn.
          const size = i % 2 === 0 ? 100 : 40_000 + i;
          await client.send(new PutObjectCommand({ Bucket: "kept", Key: key, Body: bytes(size, size) }));
          acknowledged.set(key, size);
          if (++written === 60) child.kill("SIGKILL");
        }
      };
      await Promise.allSettled(Array.from({ length: 8 }, (_, writer) => write(writer)));
      await exited;
      client.destroy();
    }
    const store = StateStore.open({ folder: join(folder, "state") });
    const s3 = await startS3({ store });
    const listed = await s3.client.send(new ListObjectsV2Command({ Bucket: "kept" }));
    const keys = new Set(listed.Contents?.map(({ Key }) => Key));
    expect([...acknowledged.keys()].filter((key) => !keys.has(key))).toEqual([]);
    for (const [Key, size] of acknowledged) {
      const got = await s3.client.send(new GetObjectCommand({ Bucket: "kept", Key }));
      expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(bytes(size, size))).toBe(true);
    }
    const files = (listed.Contents ?? []).filter(({ Size = 0 }) => Size > 32 * 1024).length;
    for (let i = 0; i < 500 && s3.blobs().length > files; i++) await s3.signed({ path: "/kept?location" });
    expect(s3.blobs()).toHaveLength(files);
    await s3.stop();
    await store.close();
  } finally {
    program.remove();
  }
});

test("two namespaces share a store and nothing else; reset empties one", async () => {
  const s3 = await startS3();
  const minio = createS3Service(
    {
      store: s3.store,
      clock: s3.clock,
      bus: s3.bus,
      realm: { region: "us-east-1", accountId: "000000000000" },
      log: silentLogger,
      credentials: s3.gateway.credentials,
      endpoint: () => s3.gateway.endpoint,
    },
    { namespace: "minio" },
  );
  s3.gateway.addService("s3-other", minio);
  const service = await s3.service();
  expect(await service.createBucketIfMissing("shared-name")).toBe(true);
  expect(await service.createBucketIfMissing("shared-name")).toBe(false);
  expect(minio.hasBucket("shared-name")).toBe(false);
  await minio.createBucketIfMissing("only-minio");
  expect([service.bucketNames(), minio.bucketNames()]).toEqual([["shared-name"], ["only-minio"]]);
  await s3.client.send(new PutObjectCommand({ Bucket: "shared-name", Key: "k", Body: bytes(100_000) }));
  expect([service.isBucketEmpty("shared-name"), s3.blobs().length]).toEqual([false, 1]);
  await service.reset();
  expect([service.bucketNames(), minio.bucketNames(), s3.blobs().length]).toEqual([[], ["only-minio"], 0]);
  expect(await refusal(s3.client.send(new GetObjectCommand({ Bucket: "shared-name", Key: "k" })))).toBe(
    "404 NoSuchBucket",
  );
  expect(() => service.isBucketEmpty("shared-name")).toThrow("The specified bucket does not exist");
  await expect(service.putNotificationConfiguration("only-minio", { rules: [] })).rejects.toThrow(
    "The specified bucket does not exist",
  );
  const kept = await minio.putNotificationConfiguration("only-minio", {
    rules: [
      {
        kind: "sqs",
        targetArn: "arn:aws:sqs:us-east-1:000000000000:q",
        events: ["s3:ObjectCreated:*"],
        filterRules: [{ name: "prefix", value: "in/" }],
      },
    ],
  });
  expect(kept.rules).toMatchObject([{ kind: "sqs", prefix: "in/" }]);
  expect(minio.notificationConfiguration("only-minio")).toEqual(kept);
  await s3.stop();
});

test("a body of many megabytes, hashed on a thread, has its MD5 and its sums", async () => {
  const s3 = await startS3();
  await s3.client.send(new CreateBucketCommand({ Bucket: "long" }));
  const Body = bytes(20_000_003);
  const puts = ["a", "b"].map((Key) =>
    s3.client.send(new PutObjectCommand({ Bucket: "long", Key, Body, ChecksumAlgorithm: "CRC64NVME" })),
  );
  for (const { ETag } of await Promise.all(puts))
    expect(ETag).toBe(`"${createHash("md5").update(Body).digest("hex")}"`);
  const wrong = await s3.signed({
    method: "PUT",
    path: "/long/c",
    body: Body,
    headers: { "content-md5": createHash("md5").update("x").digest("base64") },
  });
  expect(wrong.status).toBe(400);
  expect(s3.blobs()).toHaveLength(2);
  await s3.stop();
});
