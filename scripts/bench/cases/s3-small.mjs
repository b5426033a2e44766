import { createBucket, startGateway } from "../kit/gateway.mjs";
import { startLoad } from "../kit/load.mjs";
import { startChild } from "../kit/rpc.mjs";
import { signedRequest } from "../kit/sign.mjs";
import { atLeast, ratios } from "../kit/stats.mjs";

const BODY = "x".repeat(1024);
const KEYS = 256;

export default {
  name: "s3-small",
  order: 80,
  table: "services",
  measures: "S3 objects of 1 KB over raw HTTP, c=16, beside a bare `node:http` that echoes or answers 1 KB",
  async run(bench) {
    const load = await startLoad();
    const bare = await startChild("bare-server.mjs");
    const gateway = await startGateway(bench.folder("s3"));
    try {
      const theirs = await bare.call("listen");
      await createBucket(load, gateway.endpoint, "bench");
      const requests = (endpoint, method, body) =>
        Array.from({ length: KEYS }, (_, i) =>
          signedRequest({ endpoint, service: "s3", method, path: `/bench/key-${i}`, body }),
        );
      const seconds = bench.quick ? 1 : 1.5;
      for (const [method, body, answer, bound] of [
        ["PUT", BODY, undefined, 0.25],
        ["GET", "", BODY, 0.35],
      ]) {
        await bare.call("answerWith", answer);
        const measure = async (endpoint, time) =>
          (await load.run({ endpoint, requests: requests(endpoint, method, body), connections: 16, seconds: time }))
            .perSecond;
        await measure(gateway.endpoint, 1);
        await measure(theirs, 0.5);
        const ours = [];
        const limit = [];
        for (let round = 0; round < bench.rounds(7, 3); round++) {
          limit.push(await measure(theirs, seconds / 2));
          ours.push(await measure(gateway.endpoint, seconds));
        }
        bench.row(
          `S3 ${method.toLowerCase()} of 1 KB over raw HTTP, c=16, vs bare \`node:http\``,
          atLeast(bound, "x"),
          ratios(ours, limit),
          {
            note: `${Math.round(Math.max(...ours))} req/s at best`,
          },
        );
      }
    } finally {
      await Promise.all([load.stop(), bare.stop(), gateway.stop()]);
    }
  },
};
