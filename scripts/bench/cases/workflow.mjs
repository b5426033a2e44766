import { createQueue, sendBatch } from "../kit/gateway.mjs";
import { startLoad } from "../kit/load.mjs";
import { startChild } from "../kit/rpc.mjs";
import { jsonRequest, signedRequest } from "../kit/sign.mjs";
import { noBound, ratios } from "../kit/stats.mjs";

/** States in the long machine. */
const STATES = 1000;
const SECONDS = 1;

const passes = (count) => ({
  StartAt: "S0",
  States: Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `S${i}`,
      { Type: "Pass", ...(i === count - 1 ? { End: true } : { Next: `S${i + 1}` }) },
    ]),
  ),
});
const task = {
  StartAt: "Call",
  States: {
    Call: {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke",
      Parameters: { FunctionName: "echo", "Payload.$": "$" },
      End: true,
    },
  },
};

export default {
  name: "workflow",
  order: 115,
  table: "services",
  measures: "Step Functions and EventBridge over raw HTTP, beside the calls that they stand for",
  async run(bench) {
    const load = await startLoad();
    const stack = await startChild("stack-server.mjs", { args: [JSON.stringify({ maxEnvironments: 1 })] });
    try {
      const endpoint = await stack.call("endpoint");
      const once = async (request) => {
        const { bodies } = await load.run({
          endpoint,
          requests: [request],
          connections: 1,
          once: true,
          keepBodies: true,
        });
        return JSON.parse(bodies[0]);
      };
      const p50 = async (request) =>
        (await load.run({ endpoint, requests: [request], connections: 1, seconds: SECONDS })).p50;
      const states = (operation, body) =>
        jsonRequest({ endpoint, service: "states", target: `AWSStepFunctions.${operation}`, body });
      const express = async (name, definition) => {
        const body = {
          name,
          definition: JSON.stringify(definition),
          roleArn: "arn:aws:iam::000000000000:role/r",
          type: "EXPRESS",
        };
        const { stateMachineArn } = await once(states("CreateStateMachine", body));
        return stateMachineArn;
      };
      const start = (stateMachineArn) => states("StartSyncExecution", { stateMachineArn, input: '{"text":"x"}' });
      const one = await express("one", passes(1));
      const many = await express("many", passes(STATES));
      const called = await express("called", task);
      const invoke = signedRequest({
        endpoint,
        service: "lambda",
        method: "POST",
        path: "/2015-03-31/functions/echo/invocations",
        body: '{"text":"x"}',
      });
      for (const machine of [one, many, called]) {
        const { status, cause } = await once(start(machine));
        if (status !== "SUCCEEDED") throw new Error(`the machine ${machine} ended as ${status}: ${cause}`);
      }
      const described = states("DescribeStateMachine", { stateMachineArn: one });
      const times = { described: [], one: [], many: [], called: [], invoked: [] };
      for (let round = 0; round <= bench.rounds(5, 2); round++) {
        times.described.push(await p50(described));
        times.one.push(await p50(start(one)));
        times.many.push(await p50(start(many)));
        times.invoked.push(await p50(invoke));
        times.called.push(await p50(start(called)));
      }
      // The first round warms everything up.
      const warm = (list) => list.slice(1);
      bench.row(
        "Step Functions: an Express execution of one Pass state, started and answered, p50 over DescribeStateMachine",
        noBound(" ms"),
        warm(times.one).map((ms, round) => ms - warm(times.described)[round]),
      );
      bench.row(
        `Step Functions: states a second in an execution of ${STATES.toLocaleString("en-US")} Pass states`,
        noBound(" states/s"),
        warm(times.many).map((ms) => (STATES * 1000) / ms),
      );
      bench.row(
        "Step Functions: an Express execution that invokes a function, p50 / Invoke",
        noBound("x"),
        ratios(times.called, times.invoked).slice(1),
      );
      await putAndSend(bench, { load, endpoint, once });
    } finally {
      await Promise.all([load.stop(), stack.stop()]);
    }
  },
};

/** Ten events that a rule takes to a queue, beside ten messages that are sent to it. */
async function putAndSend(bench, { load, endpoint, once }) {
  const queueUrl = await createQueue(load, endpoint, "told");
  const events = (operation, body) =>
    jsonRequest({ endpoint, service: "events", target: `AWSEvents.${operation}`, body, version: "1.1" });
  await once(events("PutRule", { Name: "told", EventPattern: '{"source":["bench"]}' }));
  const Arn = "arn:aws:sqs:us-east-1:000000000000:told";
  await once(events("PutTargets", { Rule: "told", Targets: [{ Id: "queue", Arn }] }));
  const entry = { Source: "bench", DetailType: "Told", Detail: JSON.stringify({ text: "x".repeat(200) }) };
  const put = events("PutEvents", { Entries: Array.from({ length: 10 }, () => entry) });
  const send = sendBatch(endpoint, queueUrl);
  const rates = { put: [], sent: [] };
  for (let round = 0; round <= bench.rounds(5, 2); round++)
    for (const [name, request] of [
      ["put", put],
      ["sent", send],
    ])
      rates[name].push((await load.run({ endpoint, requests: [request], connections: 8, seconds: SECONDS })).perSecond);
  bench.row(
    "EventBridge: PutEvents of ten events that one rule takes to a queue, c=8: req/s vs SendMessageBatch",
    noBound("x"),
    ratios(rates.put, rates.sent).slice(1),
    { note: `${Math.round(Math.max(...rates.put) * 10).toLocaleString("en-US")} events/s at best` },
  );
}
