/** LocalStack in a container, and what of it ends too early. Left out by `npm run test:containers` where there is none. */
import { once } from "node:events";
import { configSchema } from "../../src/config/schema.js";
import { startContainers } from "../../src/stack/containers/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { until } from "../until.js";
import {
  buildImage,
  containersOf,
  docker,
  ENGINE_PACE,
  LOCALSTACK_IMAGE,
  MINIO_IMAGE,
  removeContainersOf,
} from "./docker.js";

const PROJECT = `/test/localstack-${process.pid}`;
const start = (image: string) =>
  startContainers({
    services: ["s3", "sqs"],
    config: configSchema.parse({ containers: { minio: { image: MINIO_IMAGE }, localstack: { image } } }),
    projectRoot: PROJECT,
    notice: () => undefined,
  });
const ofProject = (image: string, root = PROJECT): string =>
  docker("ps", "-q", "--filter", `label=lambda-run.project=${root}`, "--filter", `ancestor=${image}`);
const untilSo = (isSo: () => boolean): Promise<void> => until(isSo, ENGINE_PACE);

afterEach(() => removeContainersOf(PROJECT));

describe("LocalStack in a container", () => {
  it("that leaves for want of a token says so at once, with its code, its last lines and the fix", async () => {
    const image = "lambda-run/no-token:test";
    // As releases after 4.14.0 do it. The one that needs none is the newest that can be had without an account.
    const words = "License activation failed! No credentials were found in the environment.";
    buildImage(image, `FROM ${LOCALSTACK_IMAGE}\nENTRYPOINT ["sh", "-c", "echo '${words}' >&2; exit 55"]\n`);
    await expect(start(image)).rejects.toMatchObject({
      code: "LR5011",
      what: "The container of localstack ended with exit code 55 before it was ready",
      codeFrame: expect.stringContaining(words),
      fix: expect.stringContaining("LOCALSTACK_AUTH_TOKEN"),
    });
    // MinIO was under way beside it: what was half made goes too.
    await untilSo(() => containersOf(PROJECT).length === 0);
    docker("rmi", image);
  });

  it("that is killed while it starts says so at once", async () => {
    const starting = start(LOCALSTACK_IMAGE);
    starting.catch(() => undefined);
    await untilSo(() => ofProject(LOCALSTACK_IMAGE) !== "");
    docker("kill", "-s", "KILL", ofProject(LOCALSTACK_IMAGE));
    await expect(starting).rejects.toMatchObject({
      code: "LR5011",
      what: "The container of localstack ended with exit code 137 before it was ready",
    });
    await untilSo(() => containersOf(PROJECT).length === 0);
  });

  it("goes with MinIO when the CLI is killed while it starts, and when it is killed later", async () => {
    const project = new ProjectFolder({
      "template.yaml": "Resources:\n  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }\n",
      "lambda-run.config.json": JSON.stringify({
        ports: { gateway: 0, http: 0 },
        backends: { s3: "containers", sqs: "containers" },
        containers: { minio: { image: MINIO_IMAGE }, localstack: { image: LOCALSTACK_IMAGE } },
      }),
    });
    const root = project.folder;
    for (const moment of ["starting", "ready"]) {
      const child = project.spawn(["start", "--ephemeral", "--json"]);
      let output = "";
      child.stdout.on("data", (text: Buffer) => (output += text.toString("utf8")));
      await untilSo(() => (moment === "ready" ? output.includes('"ready"') : ofProject(MINIO_IMAGE, root) !== ""));
      if (moment === "ready") expect(containersOf(root)).toHaveLength(2);
      child.kill("SIGKILL");
      await once(child, "exit");
      await untilSo(() => containersOf(root).length === 0);
    }
    project.remove();
  });
});
