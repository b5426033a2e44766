import { createQueue, sendBatch, startGateway } from "../kit/gateway.mjs";
import { startLoad } from "../kit/load.mjs";
import { startChild } from "../kit/rpc.mjs";
import { jsonRequest } from "../kit/sign.mjs";
import { atLeast, noBound, ratios } from "../kit/stats.mjs";

const CONNECTIONS = 16;
/** Requests of ten messages in a round; a queue holds at most 120,000 in flight. */
const BATCHES = 1500;

export default {
  name: "sqs",
  order: 110,
  table: "services",
  measures: "SQS in batches of 10 over raw HTTP, c=16, beside a bare `node:http` with the same bodies",
  async run(bench) {
    const load = await startLoad();
    const bare = await startChild("bare-server.mjs");
    const gateway = await startGateway(bench.folder("sqs"));
    const { endpoint } = gateway;
    try {
      const theirs = await bare.call("listen");
      const queueUrl = await createQueue(load, endpoint, "bench");
      const call = (operation, body) =>
        jsonRequest({
          endpoint,
          service: "sqs",
          target: `AmazonSQS.${operation}`,
          body: { QueueUrl: queueUrl, ...body },
        });
      const count = bench.quick ? 500 : BATCHES;
      const steps = {
        send: { ours: [], limit: [] },
        receive: { ours: [], limit: [] },
        delete: { ours: [], limit: [] },
      };
      /** Our side first: the bare server answers with what ours answered. */
      const step = async (name, requests) => {
        const run = await load.run({ endpoint, requests, connections: CONNECTIONS, once: true, keepBodies: true });
        await bare.call("answerWith", run.bodies.at(-1));
        const limit = await load.run({ endpoint: theirs, requests, connections: CONNECTIONS, once: true });
        steps[name].ours.push(run.perSecond);
        steps[name].limit.push(limit.perSecond);
        return run.bodies;
      };
      const repeated = (request) => Array.from({ length: count }, () => request);
      for (let round = 0; round <= bench.rounds(7, 3); round++) {
        await step("send", repeated(sendBatch(endpoint, queueUrl)));
        const answers = await step(
          "receive",
          repeated(call("ReceiveMessage", { MaxNumberOfMessages: 10, VisibilityTimeout: 600 })),
        );
        const deletes = answers.map((text) => {
          const Entries = JSON.parse(text).Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
          return call("DeleteMessageBatch", { Entries });
        });
        await step("delete", deletes);
      }
      for (const [name, { ours, limit }] of Object.entries(steps)) {
        // The first round warms both sides up.
        bench.row(
          `SQS ${name}, batches of 10, raw HTTP, c=16: req/s vs bare \`node:http\`, same bodies`,
          atLeast(0.3, "x"),
          ratios(ours, limit).slice(1),
          {
            note: `${Math.round(Math.max(...ours) * 10).toLocaleString("en-US")} messages/s at best`,
          },
        );
      }
      const cycle = (side) =>
        steps.send[side].map(
          (_, i) => 3 / (1 / steps.send[side][i] + 1 / steps.receive[side][i] + 1 / steps.delete[side][i]),
        );
      bench.row(
        "SQS send, receive and delete together",
        atLeast(0.3, "x"),
        ratios(cycle("ours"), cycle("limit")).slice(1),
      );
      bench.row("bare `node:http` with the bodies of a send", noBound(" req/s"), steps.send.limit);
    } finally {
      await Promise.all([load.stop(), bare.stop(), gateway.stop()]);
    }
  },
};
