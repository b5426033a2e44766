import { callOnce, startGateway } from "../kit/gateway.mjs";
import { startLoad } from "../kit/load.mjs";
import { startChild } from "../kit/rpc.mjs";
import { jsonRequest } from "../kit/sign.mjs";
import { atLeast, atMost, ratios } from "../kit/stats.mjs";

const CONNECTIONS = 16;
const PUTS = 6000;
const RACERS = 200;

export default {
  name: "dynamodb",
  order: 130,
  table: "services",
  measures: "conditional puts over raw HTTP, c=16, beside a bare `node:http` with the same bodies and dynalite",
  async run(bench) {
    const load = await startLoad();
    const bare = await startChild("bare-server.mjs");
    const peer = await startChild("dynalite-server.mjs").catch(() => undefined);
    const gateway = await startGateway(bench.folder("dynamodb"));
    try {
      const theirs = await bare.call("listen");
      await bare.call("answerWith", "{}");
      const dynalite = await peer?.call("endpoint");
      for (const endpoint of [gateway.endpoint, dynalite])
        if (endpoint !== undefined) await createTable(load, endpoint);
      const count = bench.quick ? 1500 : PUTS;
      let serial = 0;
      const series = { ours: [], limit: [], peer: [] };
      for (let round = 0; round <= bench.rounds(7, 3); round++) {
        const first = serial;
        serial += count;
        const measure = async (endpoint) => {
          const requests = Array.from({ length: count }, (_, i) => conditionalPut(endpoint, `item-${first + i}`));
          return (await load.run({ endpoint, requests, connections: CONNECTIONS, once: true })).perSecond;
        };
        series.limit.push(await measure(theirs));
        series.ours.push(await measure(gateway.endpoint));
        if (dynalite !== undefined) series.peer.push(await measure(dynalite));
      }
      const note = `${Math.round(Math.max(...series.ours))} req/s at best`;
      bench.row(
        "DynamoDB conditional put, raw HTTP, c=16, vs bare `node:http`, same bodies",
        atLeast(0.25, "x"),
        ratios(series.ours, series.limit).slice(1),
        { note },
      );
      if (peer === undefined) bench.skip("DynamoDB conditional put vs dynalite", "dynalite does not run here");
      else
        bench.row(
          "DynamoDB conditional put, raw HTTP, c=16, vs dynalite",
          atLeast(1.5, "x"),
          ratios(series.ours, series.peer).slice(1),
        );

      const winners = [];
      for (let round = 0; round < 5; round++) {
        const requests = Array.from({ length: RACERS }, () => conditionalPut(gateway.endpoint, `race-${round}`));
        const race = await load.run({
          endpoint: gateway.endpoint,
          requests,
          connections: RACERS,
          once: true,
          allowErrors: true,
        });
        winners.push(race.count - race.failed);
      }
      if (Math.min(...winners) < 1) throw new Error("a race had no winner");
      bench.row("winners of a 200-way race for one conditional put", atMost(1), winners);
    } finally {
      await Promise.all([load.stop(), bare.stop(), gateway.stop(), peer?.stop()]);
    }
  },
};

function createTable(load, endpoint) {
  const body = {
    TableName: "bench",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  };
  return callOnce(
    load,
    endpoint,
    jsonRequest({ endpoint, service: "dynamodb", target: "DynamoDB_20120810.CreateTable", body }),
  );
}

function conditionalPut(endpoint, id) {
  const body = {
    TableName: "bench",
    Item: { id: { S: id }, count: { N: "1" }, text: { S: "x".repeat(200) }, tags: { L: [{ S: "a" }, { S: "b" }] } },
    ConditionExpression: "attribute_not_exists(id)",
  };
  return jsonRequest({ endpoint, service: "dynamodb", target: "DynamoDB_20120810.PutItem", body });
}
