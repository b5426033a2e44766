import { createBucket, createQueue, sendBatch, startGateway } from "../kit/gateway.mjs";
import { startLoad } from "../kit/load.mjs";
import { signedRequest } from "../kit/sign.mjs";
import { atMost, noBound, ratios } from "../kit/stats.mjs";

const BODY = "x".repeat(1024);

export default {
  name: "durability",
  order: 140,
  table: "services",
  measures:
    "writes that survive kill -9 (always on) beside writes committed to memory, and beside writes that survive a power cut",
  async run(bench) {
    const load = await startLoad();
    const gateways = {
      off: await startGateway(bench.folder("off"), { durability: "off" }),
      on: await startGateway(bench.folder("on"), { durability: "process" }),
      disk: await startGateway(bench.folder("disk"), { durability: "disk" }),
    };
    try {
      const makers = {
        "SQS send, batches of 10": async ({ endpoint }) => [
          sendBatch(endpoint, await createQueue(load, endpoint, "bench")),
        ],
        "S3 put of 1 KB": async ({ endpoint }) => {
          await createBucket(load, endpoint, "bench");
          return Array.from({ length: 64 }, (_, i) =>
            signedRequest({ endpoint, service: "s3", method: "PUT", path: `/bench/${i}`, body: BODY }),
          );
        },
      };
      for (const [what, make] of Object.entries(makers)) {
        const series = { off: [], on: [], disk: [] };
        for (let round = 0; round <= bench.rounds(7, 3); round++) {
          for (const [kind, gateway] of Object.entries(gateways)) {
            const requests = await make(gateway);
            const { perSecond } = await load.run({
              endpoint: gateway.endpoint,
              requests,
              connections: 16,
              seconds: bench.quick ? 0.7 : 1,
            });
            series[kind].push(perSecond);
          }
        }
        bench.row(
          `durability on vs off: ${what}, c=16, time of a request`,
          atMost(1.5, "x"),
          ratios(series.off, series.on).slice(1),
        );
        bench.row(
          `power cut survived too (\`disk\`): ${what}, c=16, time of a request vs on`,
          noBound("x"),
          ratios(series.on, series.disk).slice(1),
        );
      }
    } finally {
      await Promise.all([load.stop(), ...Object.values(gateways).map((gateway) => gateway.stop())]);
    }
  },
};
