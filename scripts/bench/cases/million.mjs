import { createQueue, objectsState, sendBatch, startGateway } from "../kit/gateway.mjs";
import { startLoad } from "../kit/load.mjs";
import { megabytes } from "../kit/memory.mjs";
import { startChild } from "../kit/rpc.mjs";
import { jsonRequest, signedRequest } from "../kit/sign.mjs";
import { atMost, noBound } from "../kit/stats.mjs";

const TENTHS = 10;
const MESSAGES = 1_000_000;

export default {
  name: "million",
  order: 120,
  slow: true,
  table: "services",
  measures: "a million messages and a million objects: the last against the first, and a start on them",
  async run(bench) {
    const load = await startLoad();
    const folder = bench.folder("million");
    try {
      const gateway = await startGateway(folder);
      const { endpoint } = gateway;
      const queueUrl = await createQueue(load, endpoint, "million");
      const few = await createQueue(load, endpoint, "few");
      const send = sendBatch(endpoint, queueUrl, 100);
      await load.run({ endpoint, requests: [sendBatch(endpoint, few, 100)], connections: 16, seconds: 2 });
      // Beside each tenth the bare server with the same bodies: a minute lies between the first and the last.
      const bare = await startChild("bare-server.mjs");
      const bareEndpoint = await bare.call("listen");
      const shares = [];
      let perSecond = 0;
      for (let tenth = 0; tenth < TENTHS; tenth++) {
        const requests = Array.from({ length: MESSAGES / TENTHS / 10 }, () => send);
        const limit = await load.run({ endpoint: bareEndpoint, requests: [send], connections: 16, seconds: 1 });
        ({ perSecond } = await load.run({ endpoint, requests, connections: 16, once: true }));
        shares.push(perSecond / limit.perSecond);
      }
      await bare.stop();
      const note = `${Math.round(perSecond * 10).toLocaleString("en-US")} messages/s in the last tenth`;
      const what = "SQS: sending the first tenth of 1,000,000 messages / the last tenth, each vs bare";
      bench.row(what, atMost(1.3, "x"), shares[0] / shares.at(-1), { note });
      const usage = gateway.usage();
      if (usage !== undefined) {
        bench.row(
          "SQS: RSS of the server that took 1,000,000 messages",
          atMost(200, " MB"),
          megabytes(usage.residentBytes),
        );
        bench.row("of it memory of its own (RssAnon)", noBound(" MB"), megabytes(usage.ownBytes));
      }
      const receive = (url) => {
        const body = { QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 600 };
        return jsonRequest({ endpoint, service: "sqs", target: "AmazonSQS.ReceiveMessage", body });
      };
      const rate = async (url) =>
        (
          await load.run({
            endpoint,
            requests: Array.from({ length: 1000 }, () => receive(url)),
            connections: 16,
            once: true,
          })
        ).perSecond;
      const small = [];
      const large = [];
      for (let round = 0; round < 5; round++) {
        small.push(await rate(few));
        large.push(await rate(queueUrl));
      }
      bench.row(
        "SQS: receiving from a queue of 20,000 messages / from one of 1,000,000, req/s",
        atMost(1.3, "x"),
        small.map((value, i) => value / large[i]),
      );
      await gateway.stop();

      const empty = bench.folder("empty");
      await compare(bench, load, "1,000,000 messages", empty, folder, (url) =>
        jsonRequest({ endpoint: url, service: "sqs", target: "AmazonSQS.ListQueues", body: {} }),
      );
      await compare(bench, load, "1,000,000 objects", empty, await objectsState(bench), (url) =>
        signedRequest({ endpoint: url, service: "s3", method: "GET", path: "/" }),
      );
    } finally {
      await load.stop();
    }
  },
};

/** Start to the first answer of the service, and memory after it, on a full state and on an empty one. */
async function compare(bench, load, what, empty, full, request) {
  const ms = { empty: [], full: [] };
  const bytes = { empty: [], full: [] };
  for (let round = 0; round < 5; round++) {
    for (const [kind, folder] of [
      ["empty", empty],
      ["full", full],
    ]) {
      const start = performance.now();
      const gateway = await startGateway(folder);
      await load.run({ endpoint: gateway.endpoint, requests: [request(gateway.endpoint)], connections: 1, once: true });
      ms[kind].push(performance.now() - start);
      await gateway.call("settle");
      bytes[kind].push(gateway.usage()?.residentBytes ?? Number.NaN);
      await gateway.stop();
    }
  }
  bench.row(
    `start on a state of ${what}, to the first answer / on an empty one`,
    atMost(1.3, "x"),
    ms.full.map((value, i) => value / ms.empty[i]),
  );
  if (Number.isFinite(bytes.full[0]))
    bench.row(`RSS after a start on a state of ${what}`, atMost(200, " MB"), bytes.full.map(megabytes));
  const grown = bytes.full.map((value, i) => megabytes(value - bytes.empty[i]));
  if (Number.isFinite(grown[0]))
    bench.row(`RSS after a start on ${what}, over an empty state`, atMost(10, " MB"), grown);
}
