/**
 * No more room: the shell's limit on the size of files stands for a full disk, which needs a disk of its own. Writes fail
 * in the same calls, with EFBIG for ENOSPC.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { ProjectFolder, smallProject } from "../cli/cli.js";

const BIN = join(__dirname, "..", "..", "bin", "lambda-run.js");
/** In units of 512 or 1,024 bytes, as the shell has it: room for the store's beginning, not for a large body. */
const ROOM = 600;

const folders: ProjectFolder[] = [];
function project(): ProjectFolder {
  const files = smallProject("export const handler = async () => 1;");
  const made = new ProjectFolder({
    ...files,
    "template.yaml": `${files["template.yaml"] ?? ""}  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }\n`,
  });
  folders.push(made);
  return made;
}
afterAll(() => folders.forEach((folder) => folder.remove()));

function startWithRoom(folder: ProjectFolder, room: number): ChildProcess {
  return spawn(
    "/bin/sh",
    ["-c", `ulimit -f ${room}; exec "$@"`, "sh", process.execPath, BIN, "start", "--json", "--no-watch"],
    {
      cwd: folder.folder,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
}

const ended = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.once("exit", resolve));

function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (data: string) => {
      text += data;
      const line = text.split("\n").find((one) => one.includes('"ready"'));
      if (line !== undefined) resolve((JSON.parse(line) as { endpoint: string }).endpoint);
    });
    child.once("exit", (code) => reject(new Error(`the stack ended with ${code}`)));
  });
}

describe("a full disk", () => {
  it("refuses what has no room with AWS's internal error, keeps all that was acknowledged, and serves on", async () => {
    const child = startWithRoom(project(), ROOM);
    child.stderr?.resume();
    const left = ended(child);
    const config = {
      endpoint: await ready(child),
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      forcePathStyle: true,
      maxAttempts: 1,
    };
    const [s3, sqs] = [new S3Client(config), new SQSClient(config)];
    const put = (Key: string, sizeBytes: number): Promise<unknown> =>
      s3.send(new PutObjectCommand({ Bucket: "my-store", Key, Body: Buffer.alloc(sizeBytes, "x") }));
    await put("small", 1000);
    await expect(put("large", 2_000_000)).rejects.toMatchObject({
      name: "InternalError",
      $metadata: { httpStatusCode: 500 },
    });
    const blobs = join(folders.at(-1)?.folder ?? "", ".lambda-run", "blobs");
    const files = readdirSync(blobs, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files).toEqual([]);
    await put("small too", 1000);

    const QueueUrl = `${config.endpoint}/000000000000/jobs`;
    let acknowledged = 0;
    const fill = async (): Promise<never> => {
      for (;;) {
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x".repeat(1000) }));
        acknowledged += 1;
      }
    };
    const refusal: unknown = await fill().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: "InternalFailure", $metadata: { httpStatusCode: 500 } });
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }),
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: String(acknowledged) });
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: "my-store" }));
    expect(Contents?.map(({ Key }) => Key)).toEqual(["small", "small too"]);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: "my-store", Key: "small" }));
    expect((await Body?.transformToByteArray())?.length).toBe(1000);
    // Neither its log nor its history has room, but the function runs.
    const lambda = new LambdaClient(config);
    const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: "hello" }));
    expect([Payload?.transformToString(), FunctionError]).toEqual(["1", undefined]);
    lambda.destroy();
    s3.destroy();
    sqs.destroy();
    child.kill("SIGINT");
    expect(await left).toBe(0);
  });

  it("stops a start with what cannot be written, and where", async () => {
    const child = startWithRoom(project(), 0);
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const closed = new Promise((resolve) => child.once("close", resolve));
    expect(await ended(child)).toBe(6);
    await closed;
    expect(stderr).toMatch(/error LR5002 The state folder cannot be written\nwhere .*\.lambda-run\nwhy {3}EFBIG/);
  });
});
