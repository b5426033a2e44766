import { startLoad } from "../kit/load.mjs";
import { installed, PACKAGES, PORTS, startPeer } from "../kit/peer.mjs";
import { startChild } from "../kit/rpc.mjs";
import { rawRequest, signedRequest } from "../kit/sign.mjs";
import { atLeast, atMost, noBound, ratios } from "../kit/stats.mjs";

const EVENT = JSON.stringify({ text: "x".repeat(1000) });

export default {
  name: "peer",
  order: 50,
  slow: true,
  table: "environment",
  measures: "warm invocations by the same call beside serverless-offline (osls)",
  async run(bench) {
    const what = "warm invoke vs serverless-offline (osls)";
    if (!installed()) {
      bench.skip(what, `${PACKAGES.join(" and ")} cannot be installed here`);
      return;
    }
    const load = await startLoad();
    const stack = await startChild("stack-server.mjs", { args: [JSON.stringify({ maxEnvironments: 1 })] });
    const relay = await startChild("relay-server.mjs");
    const peer = await startPeer(bench.folder("peer"), "exports.handler = async (event) => event;\n");
    try {
      const ours = await stack.call("endpoint");
      const theirs = `http://127.0.0.1:${PORTS.lambda}`;
      const oursRequest = signedRequest({
        endpoint: ours,
        service: "lambda",
        method: "POST",
        path: "/2015-03-31/functions/echo/invocations",
        body: EVENT,
      });
      const theirsRequest = rawRequest({
        method: "POST",
        path: "/2015-03-31/functions/bench-dev-echo/invocations",
        headers: { host: `127.0.0.1:${PORTS.lambda}`, "content-type": "application/json" },
        body: EVENT,
      });
      const relayed = await relay.call("listen");
      const relayRequest = rawRequest({
        method: "POST",
        path: "/",
        headers: { host: "127.0.0.1", "content-type": "application/json" },
        body: EVENT,
      });
      const measureRelay = (connections, seconds) =>
        load.run({ endpoint: relayed, requests: [relayRequest], connections, seconds });
      const measureOurs = (connections, seconds) =>
        load.run({ endpoint: ours, requests: [oursRequest], connections, seconds });
      const measureTheirs = (connections, seconds) =>
        load.run({ endpoint: theirs, requests: [theirsRequest], connections, seconds });
      await measureOurs(8, 1.5);
      await measureTheirs(8, 1.5);
      await measureRelay(8, 1.5);
      for (const connections of [1, 8, 32]) {
        const oursRuns = [];
        const theirsRuns = [];
        const relayRuns = [];
        for (let round = 0; round < bench.rounds(5, 2); round++) {
          theirsRuns.push(await measureTheirs(connections, 1.5));
          oursRuns.push(await measureOurs(connections, 1.5));
          relayRuns.push(await measureRelay(connections, 1.5));
        }
        const of = (runs, field) => runs.map((run) => run[field]);
        bench.row(
          `${what}, c=${connections}: req/s`,
          atLeast(4, "x"),
          ratios(of(oursRuns, "perSecond"), of(theirsRuns, "perSecond")),
        );
        bench.row(
          `a relay to one process, without limits, signature and log, vs serverless-offline (osls), c=${connections}: req/s`,
          noBound("x"),
          ratios(of(relayRuns, "perSecond"), of(theirsRuns, "perSecond")),
        );
        bench.row(
          `${what}, c=${connections}: p99`,
          atMost(0.333, "x"),
          ratios(of(oursRuns, "p99"), of(theirsRuns, "p99")),
        );
      }
    } finally {
      peer.kill("SIGTERM");
      await Promise.all([load.stop(), stack.stop(), relay.stop()]);
    }
  },
};
