import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { timeProcess } from "../kit/processes.mjs";
import { ROOT } from "../kit/product.mjs";
import { startChild } from "../kit/rpc.mjs";
import { atMost, noBound, ratios } from "../kit/stats.mjs";

const NODE = "lambda-run/bench-node:local";
const FUNCTION = "lambda-run/bench-function:local";
const SPARE = "image function, first invocation of the paused spare";
/** The container is paused by then. */
const FROZEN_MS = 150;
/** The client in the image answers with the event, as the plain function does; over one connection that is kept. */
const CLIENT = `
const http = require("node:http");
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const ask = (method, path, body) => new Promise((resolve, reject) => {
  const headers = body === undefined ? {} : { "content-length": body.length };
  const request = http.request({ host, port, method, path: "/2018-06-01/runtime/invocation/" + path, agent, headers });
  request.on("error", reject).end(body).on("response", async (response) => {
    const chunks = [];
    for await (const chunk of response) chunks.push(chunk);
    resolve([response.headers["lambda-runtime-aws-request-id"], Buffer.concat(chunks)]);
  });
});
(async () => {
  for (;;) {
    const [id, event] = await ask("GET", "next");
    await ask("POST", id + "/response", event);
  }
})();
`;

export default {
  name: "images",
  order: 91,
  table: "containers",
  measures: "cold starts of an image function beside a plain process and `docker run`, and its paused spare",
  async run(bench) {
    const docker = (...args) => execFileSync("docker", args, { encoding: "utf8", stdio: "pipe" });
    try {
      docker("version");
    } catch {
      bench.skip(SPARE, "no Docker engine answers here");
      return;
    }
    const folder = bench.folder("image");
    execFileSync(process.execPath, [join(ROOT, "scripts/containers/node-image.mjs"), NODE]);
    writeFileSync(join(folder, "client.js"), CLIENT);
    writeFileSync(join(folder, "Dockerfile"), `FROM ${NODE}\nCOPY client.js /\nCMD ["/usr/bin/node", "/client.js"]\n`);
    docker("build", "-q", "-t", FUNCTION, folder);
    const start = (standby) => startChild("stack-server.mjs", { args: [JSON.stringify({ standby, image: FUNCTION })] });
    const [withSpare, without] = [await start(true), await start(false)];
    try {
      const [bare, cold, plain, spare, thawed, row] = [[], [], [], [], [], []];
      for (const name of ["boxed", "echo"]) await without.call("cold", name);
      for (let round = 0; round < bench.rounds(15, 4); round++) {
        bare.push(
          await timeProcess("docker", ["run", "--rm", "--network", "host", NODE, "/usr/bin/node", "-e", "0"], {}),
        );
        cold.push((await without.call("cold", "boxed")).ms);
        plain.push((await without.call("cold", "echo")).ms);
        await sleep(FROZEN_MS);
        thawed.push((await without.call("invoke", { name: "boxed" })).ms);
        row.push((await without.call("invoke", { name: "boxed" })).ms);
        spare.push((await withSpare.call("cold", "boxed")).ms);
      }
      bench.row("image function, cold start without standby", noBound(" ms"), cold);
      bench.row("plain process, cold start without standby, the same rounds", noBound(" ms"), plain);
      bench.row("image function, cold start / `docker run` of its Node with `-e 0`", noBound("x"), ratios(cold, bare));
      bench.row(SPARE, atMost(40, " ms"), spare);
      bench.row("image function, invocation of a paused container", noBound(" ms"), thawed);
      bench.row("image function, invocation right after another", noBound(" ms"), row);
    } finally {
      await Promise.all([withSpare.stop(), without.stop()]);
      docker("rmi", FUNCTION, NODE);
    }
  },
};
