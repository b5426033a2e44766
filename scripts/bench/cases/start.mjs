import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { startLoad } from "../kit/load.mjs";
import { megabytes, resourceUsageOf } from "../kit/memory.mjs";
import { timeProcess } from "../kit/processes.mjs";
import { ROOT } from "../kit/product.mjs";
import { jsonRequest, rawRequest, signedRequest } from "../kit/sign.mjs";
import { atMost, noBound } from "../kit/stats.mjs";

const CLI = join(ROOT, "bin/lambda-run.js");
const IDLE_MS = 5_000;

export default {
  name: "start",
  order: 70,
  table: "services",
  measures: "`lambda-run start` on an empty state: time to the first answer, and its memory when idle",
  async run(bench) {
    const folder = bench.folder("start");
    const load = await startLoad();
    try {
      const over = { health: [], list: [] };
      for (let round = 0; round < bench.rounds(9, 3); round++) {
        for (const kind of ["health", "list"]) {
          const bare = await timeProcess(process.execPath, ["-e", "0"]);
          const stack = await startStack(folder);
          await send(load, stack.endpoint, kind === "health" ? health(stack.endpoint) : listBuckets(stack.endpoint));
          over[kind].push(performance.now() - stack.startedAt - bare);
          await stack.stop();
        }
      }
      bench.row(
        "start of the whole gateway to a first answer of S3, empty state, over `node -e 0`",
        atMost(150, " ms"),
        over.list,
      );
      bench.row("the same to a first answer of the gateway itself", noBound(" ms"), over.health);

      const ready = [];
      for (let round = 0; round < bench.rounds(9, 3); round++) {
        const stack = await startStack(ROOT);
        ready.push(stack.readyMs);
        await stack.stop();
      }
      bench.row("`lambda-run start` to ready, the project's own template", atMost(600, " ms"), ready, {
        table: "loop",
      });

      const stack = await startStack(folder);
      for (const request of oneOfEach(stack.endpoint)) await send(load, stack.endpoint, request);
      await sleep(bench.quick ? 1000 : IDLE_MS);
      const usage = resourceUsageOf(stack.pid);
      await stack.stop();
      if (usage === undefined) bench.skip("idle RSS, all services on", "no /proc here");
      else {
        bench.row("idle RSS, all services on", atMost(70, " MB"), megabytes(usage.residentBytes));
        bench.row("of it memory of its own (RssAnon)", noBound(" MB"), megabytes(usage.ownBytes));
      }
    } finally {
      await load.stop();
    }
  },
};

async function startStack(folder) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [CLI, "start", "--ephemeral", "--port", "0", "--http-port", "0", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const line = await new Promise((resolve, reject) => {
    // Notices may come before.
    createInterface({ input: child.stdout }).on("line", (text) => {
      if (JSON.parse(text).event === "ready") resolve(text);
    });
    void exited.then((code) => reject(new Error(`lambda-run start ended with ${code}`)));
  });
  const readyMs = performance.now() - startedAt;
  return {
    startedAt,
    readyMs,
    pid: child.pid,
    endpoint: JSON.parse(line).endpoint,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

const send = (load, endpoint, bytes) => load.run({ endpoint, requests: [bytes], connections: 1, once: true });
const health = (endpoint) =>
  rawRequest({ method: "GET", path: "/_lambda-run/health", headers: { host: new URL(endpoint).host } });
const listBuckets = (endpoint) => signedRequest({ endpoint, service: "s3", method: "GET", path: "/" });

/** A first request to each service loads it. */
function oneOfEach(endpoint) {
  const json = (service, target, version = "1.1") => jsonRequest({ endpoint, service, target, body: {}, version });
  const query = (service, action, version) =>
    signedRequest({
      endpoint,
      service,
      method: "POST",
      path: "/",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `Action=${action}&Version=${version}`,
    });
  return [
    listBuckets(endpoint),
    json("sqs", "AmazonSQS.ListQueues", "1.0"),
    json("dynamodb", "DynamoDB_20120810.ListTables", "1.0"),
    json("secretsmanager", "secretsmanager.ListSecrets"),
    json("ssm", "AmazonSSM.DescribeParameters"),
    json("logs", "Logs_20140328.DescribeLogGroups"),
    query("sts", "GetCallerIdentity", "2011-06-15"),
    query("sns", "ListTopics", "2010-03-31"),
    query("monitoring", "ListMetrics", "2010-08-01"),
  ];
}
