/** MinIO in a real container, through testcontainers: run by `npm run test:containers`, which makes the image. */
import { CreateBucketCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { configSchema, type LambdaRunConfig } from "../../src/config/schema.js";
import { startContainers, type Containers } from "../../src/stack/containers/index.js";
import { buildImage, containersOf, docker, MINIO_IMAGE as IMAGE, removeContainersOf } from "./docker.js";

const PROJECT = `/test/${process.pid}`;
const OTHER = `${PROJECT}/other`;
const ours = (): string[] => containersOf(PROJECT);

const started: Containers[] = [];
async function start(containers: LambdaRunConfig["containers"] = {}, projectRoot = PROJECT): Promise<Containers> {
  const config = configSchema.parse({ containers: { minio: { image: IMAGE }, ...containers } });
  const made = await startContainers({ services: ["s3"], config, projectRoot, notice: () => undefined });
  started.push(made);
  return made;
}
const bucketsAt = async ({ endpoints }: Containers, create?: string): Promise<(string | undefined)[]> => {
  const { url, accessKeyId, secretAccessKey } = endpoints.s3 ?? { url: "", accessKeyId: "", secretAccessKey: "" };
  const client = new S3Client({
    endpoint: url,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  if (create !== undefined) await client.send(new CreateBucketCommand({ Bucket: create }));
  const { Buckets = [] } = await client.send(new ListBucketsCommand({}));
  client.destroy();
  return Buckets.map(({ Name }) => Name);
};

afterEach(async () => {
  await Promise.all(started.splice(0).map((made) => made.close()));
  [PROJECT, OTHER].forEach(removeContainersOf);
});

describe("MinIO in a container", () => {
  it("serves S3 as soon as the start is over, to this machine only, and is gone after the end", async () => {
    const made = await start();
    expect(await bucketsAt(made, "reports")).toEqual(["reports"]);
    const [id = ""] = ours();
    expect(docker("port", id)).toMatch(/^9000\/tcp -> 127\.0\.0\.1:\d+$/);
    await made.close();
    expect(ours()).toEqual([]);
  });

  it("is taken again by the next run of the same project and settings, and by no other", async () => {
    const first = await start({ reuse: true });
    await bucketsAt(first, "kept");
    await first.close();
    const second = await start({ reuse: true });
    expect(second.endpoints).toEqual(first.endpoints);
    expect(await bucketsAt(second)).toEqual(["kept"]);
    expect((await start({ reuse: true }, OTHER)).endpoints).not.toEqual(first.endpoints);
    expect((await start({ reuse: true, memoryMb: 512 })).endpoints).not.toEqual(first.endpoints);
    expect([ours().length, containersOf(OTHER).length]).toEqual([2, 1]);
  });

  it("gets the memory of its data on top of its own", async () => {
    await start({ memoryMb: 512, tmpfsMb: 64 });
    const [id = ""] = ours();
    expect(docker("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.Tmpfs}}", id)).toBe(
      `${576 * 1024 ** 2} ${576 * 1024 ** 2} map[/data:rw,size=64m]`,
    );
  });

  it("that ends at once says so with its last lines, and leaves nothing", async () => {
    const broken = "lambda-run/broken:test";
    buildImage(broken, `FROM ${IMAGE}\nENTRYPOINT ["/usr/bin/minio", "nonsense"]\n`);
    await expect(start({ minio: { image: broken } })).rejects.toMatchObject({
      code: "LR5011",
      message: expect.stringMatching(/minio ended with exit code \d+ before it was ready/),
      codeFrame: expect.stringContaining("nonsense"),
    });
    docker("rmi", broken);
    expect(ours()).toEqual([]);
  });

  it("that runs and never answers is given up after its time, with its last lines", async () => {
    const mute = "lambda-run/mute:test";
    buildImage(mute, `FROM ${IMAGE}\nENV MINIO_ADDRESS=:9999\n`);
    await expect(start({ minio: { image: mute }, startSeconds: 2 })).rejects.toMatchObject({
      code: "LR5011",
      what: "The container of minio runs, but does not answer after 2 s",
      codeFrame: expect.stringContaining(":9999"),
      fix: expect.stringContaining("containers.startSeconds"),
    });
    docker("rmi", mute);
    expect(ours()).toEqual([]);
  });

  it("of an image that cannot be had is refused with the setting to change", async () => {
    await expect(start({ minio: { image: "localhost:1/nowhere:1" } })).rejects.toMatchObject({
      code: "LR5010",
      where: "containers.minio.image",
    });
  });
});
