/** The process killed with SIGKILL while hundreds of messages are in flight, and started again on the same state. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { ProjectFolder } from "../../cli/cli.js";
import { freePort } from "../../free-port.js";
import { readyOf } from "../../ready-line.js";
import { until } from "../../until.js";
import { allMembers, archivesIn, countArchives } from "./archives.js";
import { templateOf } from "./system.js";

// Recovery waits for visibility timeouts and claims to lapse, in real time.
jest.setTimeout(240_000);

const FILES = 500;
const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

interface Running {
  readonly child: ChildProcess;
  readonly endpoint: string;
}

async function startStack(project: ProjectFolder): Promise<Running> {
  const child = project.spawn(["start", "--json"]);
  child.stderr.resume();
  const { endpoint } = await readyOf(child.stdout);
  return { child, endpoint };
}

async function end({ child }: Running, signal: NodeJS.Signals): Promise<void> {
  const ended = once(child, "close");
  child.kill(signal);
  await ended;
}

async function depth(endpoint: string, queue: string): Promise<number> {
  const client = new SQSClient({ endpoint, region: "us-east-1", credentials: CREDENTIALS });
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: `${endpoint}/000000000000/${queue}`, AttributeNames: ["All"] }),
  );
  client.destroy();
  const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = Attributes ?? {};
  return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesNotVisible);
}

const RECOVERY = { patienceMs: 200_000 };

it("brings every object into exactly one archive although the process is killed with SIGKILL in the middle", async () => {
  const storePort = await freePort();
  const storeEndpoint = `http://127.0.0.1:${storePort}`;
  const project = new ProjectFolder({
    "template.yaml": templateOf(storeEndpoint, {
      timeoutSeconds: 6,
      visibilitySeconds: 7,
      maxReceiveCount: 50,
      maximumConcurrency: 4,
    }),
    "lambda-run.config.json": JSON.stringify({
      ports: { gateway: 0, http: 0 },
      secondStores: { minio: { port: storePort, buckets: ["archives"] } },
    }),
  });
  const names = Array.from({ length: FILES }, (_, i) => `in/${String(i).padStart(3, "0")}.txt`);
  let running = await startStack(project);
  try {
    const s3 = new S3Client({
      endpoint: running.endpoint,
      region: "us-east-1",
      forcePathStyle: true,
      credentials: CREDENTIALS,
      requestHandler: { httpAgent: { maxSockets: FILES } },
    });
    await Promise.all(
      names.map((Key) => s3.send(new PutObjectCommand({ Bucket: "landing", Key, Body: `content of ${Key}` }))),
    );
    s3.destroy();
    await until(async () => (await countArchives(storeEndpoint)) >= 5, RECOVERY);
    await end(running, "SIGKILL");

    running = await startStack(project);
    const before = await depth(running.endpoint, "files");
    expect(before).toBeGreaterThan(0);
    await until(async () => (await depth(running.endpoint, "files")) === 0, RECOVERY);
    expect(await depth(running.endpoint, "dead")).toBe(0);
    const archives = await archivesIn(storeEndpoint);
    expect(allMembers(archives)).toEqual(names);
    for (const { members } of archives) for (const [name, body] of members) expect(body).toBe(`content of ${name}`);
  } finally {
    await end(running, "SIGINT");
    project.remove();
  }
});
