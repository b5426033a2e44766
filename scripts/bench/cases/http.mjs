import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startLoad } from "../kit/load.mjs";
import { installed, PACKAGES, PORTS, startPeer } from "../kit/peer.mjs";
import { ROOT } from "../kit/product.mjs";
import { startChild } from "../kit/rpc.mjs";
import { rawRequest } from "../kit/sign.mjs";
import { atLeast, noBound, ratios } from "../kit/stats.mjs";

const HANDLER = readFileSync(join(ROOT, "scripts/bench/functions/web.js"), "utf8");
const BODY = JSON.stringify({ text: "x".repeat(1000) });
const CONNECTIONS = 32;

export default {
  name: "http",
  order: 52,
  table: "environment",
  measures: "an HTTP API in front of a function, beside bare `node:http` and serverless-offline (osls)",
  async run(bench) {
    const seconds = bench.quick ? 1 : 1.5;
    const load = await startLoad();
    const bare = await startChild("bare-server.mjs");
    const stack = await startChild("stack-server.mjs");
    const peer = installed() ? await startPeer(bench.folder("http"), HANDLER) : undefined;
    try {
      const ends = { bare: await bare.call("listen"), ours: await stack.call("door") };
      if (peer !== undefined) ends.peer = `http://127.0.0.1:${PORTS.http}`;
      const runs = {};
      const measure = (endpoint) =>
        load.run({ endpoint, requests: [request(endpoint)], connections: CONNECTIONS, seconds });
      for (const [name, endpoint] of Object.entries(ends)) {
        await measure(endpoint);
        runs[name] = [];
      }
      for (let round = 0; round < bench.rounds(5, 3); round++)
        for (const [name, endpoint] of Object.entries(ends)) runs[name].push((await measure(endpoint)).perSecond);
      const what = `HTTP API to handler to answer, c=${CONNECTIONS}: req/s vs`;
      bench.row(`${what} bare \`node:http\``, atLeast(0.13, "x"), ratios(runs.ours, runs.bare), {
        note: `${Math.round(Math.max(...runs.ours))} req/s at best`,
      });
      if (runs.peer === undefined)
        bench.skip(`${what} serverless-offline (osls)`, `${PACKAGES.join(" and ")} cannot be installed here`);
      else {
        bench.row(`${what} serverless-offline (osls)`, atLeast(4, "x"), ratios(runs.ours, runs.peer), {
          note: "it runs handlers in threads of its own process, without limits",
        });
        bench.row("serverless-offline (osls): req/s vs bare `node:http`", noBound("x"), ratios(runs.peer, runs.bare));
      }
    } finally {
      peer?.kill("SIGTERM");
      await Promise.all([load.stop(), bare.stop(), stack.stop()]);
    }
  },
};

function request(endpoint) {
  return rawRequest({
    method: "POST",
    path: "/web",
    headers: { host: new URL(endpoint).host, "content-type": "application/json" },
    body: BODY,
  });
}
