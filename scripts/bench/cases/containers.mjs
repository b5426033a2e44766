import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { timeProcess } from "../kit/processes.mjs";
import { PRODUCT, ROOT } from "../kit/product.mjs";
import { startChild } from "../kit/rpc.mjs";
import { atMost, noBound, ratios } from "../kit/stats.mjs";

const IMAGE = process.env.LAMBDA_RUN_MINIO_IMAGE ?? "lambda-run/minio:local";
const START = "MinIO in a container, call to ready / `docker run` to its first healthy answer";
const AGAIN = "re-attach to a reused container, in a new process";

export default {
  name: "containers",
  order: 90,
  table: "containers",
  measures: "MinIO in a container beside `docker run`, taking it again, and how soon a missing engine is told",
  async run(bench) {
    await noEngine(bench);
    const why = unusable();
    if (why !== undefined) {
      bench.skip(START, why);
      bench.skip(AGAIN, why);
      console.log(`  SKIPPED: ${why}`);
      return;
    }
    const settings = { minio: { image: IMAGE } };
    const projectRoot = bench.folder("containers");
    const [ours, theirs, again] = [[], [], []];
    for (let round = 0; round < bench.rounds(9, 3); round++) {
      theirs.push(await dockerRun());
      ours.push(await inNewProcess({ settings, projectRoot }));
    }
    bench.row(START, atMost(1.2, "x"), ratios(ours, theirs));
    bench.row("the same, call to ready", noBound(" ms"), ours);
    const reused = { settings: { ...settings, reuse: true }, projectRoot };
    try {
      await inNewProcess(reused);
      for (let round = 0; round < bench.rounds(15, 5); round++) again.push(await inNewProcess(reused));
    } finally {
      const left = docker("ps", "-aq", "--filter", `label=lambda-run.project=${projectRoot}`);
      if (left !== "") docker("rm", "-f", "-v", ...left.split("\n"));
    }
    bench.row(AGAIN, atMost(150, " ms"), again);
  },
};

const docker = (...args) =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

/** Why nothing can be measured with an engine; undefined when it can. */
function unusable() {
  try {
    docker("image", "inspect", IMAGE);
    return undefined;
  } catch (error) {
    return /no such image/i.test(String(error.stderr))
      ? `the engine has no ${IMAGE} (scripts/containers/setup.sh makes it)`
      : "no Docker engine answers here";
  }
}

async function inNewProcess(parameters) {
  const child = await startChild("containers.mjs");
  try {
    const ms = await child.call("start", parameters);
    await child.call("close");
    return ms;
  } finally {
    await child.stop();
  }
}

/** By Docker's own client, asked for the same paths as often as we ask. The port is chosen before: asking for it costs. */
async function dockerRun() {
  const { configSchema, minio, untilHealthy } = createRequire(import.meta.url)(PRODUCT);
  const server = minio(configSchema.parse({ containers: { minio: { image: IMAGE } } }).containers);
  const port = await freePort();
  const environment = Object.entries(server.environment).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
  const start = performance.now();
  const id = docker("run", "-d", "-p", `127.0.0.1:${port}:${server.port}`, ...environment, IMAGE, ...server.command);
  try {
    await untilHealthy(`http://127.0.0.1:${port}`, server, AbortSignal.timeout(60_000));
    return performance.now() - start;
  } finally {
    docker("rm", "-f", "-v", id);
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Commands that want a container where no engine is, one that refuses, and one that accepts and says nothing. */
async function noEngine(bench) {
  const folder = bench.folder("no-engine");
  writeFileSync(
    join(folder, "template.yaml"),
    "Resources:\n  Store: { Type: AWS::S3::Bucket, Properties: { BucketName: my-store } }\n",
  );
  const silent = createServer();
  const socket = join(folder, "silent.sock");
  await new Promise((resolve) => silent.listen(socket, resolve));
  const sockets = [];
  silent.on("connection", (one) => sockets.push(one));
  const refused = `tcp://127.0.0.1:${await freePort()}`;
  const cases = { none: `unix://${folder}/none.sock`, refused, silent: `unix://${socket}` };
  for (const [name, host] of Object.entries(cases)) {
    const ms = [];
    for (let round = 0; round < bench.rounds(5, 2); round++)
      ms.push(
        await timeProcess(
          process.execPath,
          [join(ROOT, "bin/lambda-run.js"), "seed", "--ephemeral", "--endpoint", "s3=containers"],
          { cwd: folder, env: { DOCKER_HOST: host }, exitCode: 6 },
        ),
      );
    bench.row(`no Docker engine (${name}): command to the answer that says so`, atMost(2000, " ms"), ms);
  }
  for (const one of sockets) one.destroy();
  await new Promise((resolve) => silent.close(resolve));
}
