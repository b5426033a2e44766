import { startLoad } from "../kit/load.mjs";
import { megabytes, watchOwnBytes } from "../kit/memory.mjs";
import { startChild } from "../kit/rpc.mjs";
import { signedRequest } from "../kit/sign.mjs";
import { atLeast, atMost, noBound, ratios } from "../kit/stats.mjs";

const EVENT = JSON.stringify({ text: "x".repeat(1000) });
const ASYNC_EVENTS = 100_000;
/** A function in a chain rests while the others run. */
const REST_MS = 5;
/** Before the second and the third attempt, as Lambda waits. */
const RETRY_DELAYS_MS = [60_000, 120_000];

export default {
  name: "invocations",
  order: 45,
  table: "environment",
  measures: "the Lambda API: calls by the SDK, functions that call functions, asynchronous events that fail",
  async run(bench) {
    await calls(bench);
    await asynchronous(bench);
  },
};

async function calls(bench) {
  const bare = await startChild("bare-server.mjs");
  const stack = await startChild("stack-server.mjs");
  const client = await startChild("sdk-invoke.mjs");
  try {
    const theirs = await bare.call("listen");
    const ours = await stack.call("endpoint");
    const invoke = (endpoint, functionName, payload, count, restMs) =>
      client.call("invoke", { endpoint, functionName, payload, calls: count, restMs });
    const count = bench.quick ? 100 : 300;
    const chain = (deeper) => invoke(ours, "chain1", JSON.stringify({ deeper }), count);
    await invoke(theirs, "echo", EVENT, count);
    await invoke(ours, "echo", EVENT, count);
    await chain(2);
    const series = { ours: [], theirs: [], rested: [], one: [], three: [] };
    for (let round = 0; round < bench.rounds(7, 3); round++) {
      series.theirs.push(await invoke(theirs, "echo", EVENT, count));
      series.rested.push(await invoke(theirs, "echo", EVENT, count, REST_MS));
      series.ours.push(await invoke(ours, "echo", EVENT, count));
      series.one.push(await chain(0));
      series.three.push(await chain(2));
    }
    bench.row(
      "Invoke by the SDK, warm, p50 over the SDK's own against a bare `node:http`",
      atMost(0.4, " ms"),
      series.ours.map((ms, round) => ms - series.theirs[round]),
    );
    bench.row(
      "a function that calls a function that calls a function / one invoke, p50",
      atMost(4, "x"),
      ratios(series.three, series.one),
    );
    bench.row(
      `the SDK alone: a call to a bare \`node:http\` after a rest of ${REST_MS} ms / calls in a row, p50`,
      noBound("x"),
      ratios(series.rested, series.theirs),
    );
  } finally {
    await Promise.all([bare.stop(), stack.stop(), client.stop()]);
  }
}

/** Half of the events fail twice. The stack's clock is virtual, so that the waits between attempts cost nothing. */
async function asynchronous(bench) {
  const events = bench.quick ? 5000 : ASYNC_EVENTS;
  const load = await startLoad();
  const stack = await startChild("stack-server.mjs", {
    args: [JSON.stringify({ maxEnvironments: 1, virtualClock: true })],
  });
  try {
    const endpoint = await stack.call("endpoint");
    const own = watchOwnBytes(stack.pid);
    const start = performance.now();
    await load.run({
      endpoint,
      requests: Array.from({ length: events }, (_, id) =>
        signedRequest({
          endpoint,
          service: "lambda",
          method: "POST",
          path: "/2015-03-31/functions/attempts/invocations",
          headers: { "x-amz-invocation-type": "Event" },
          body: JSON.stringify({ id }),
        }),
      ),
      connections: 16,
      once: true,
    });
    const acceptedSeconds = (performance.now() - start) / 1000;
    let attempts = events;
    await stack.call("ran", attempts);
    for (const waitMs of RETRY_DELAYS_MS) {
      attempts += events / 2;
      await stack.call("advance", waitMs);
      await stack.call("ran", attempts);
    }
    const seconds = (performance.now() - start) / 1000;
    const { payload } = await stack.call("invoke", { name: "attempts" });
    const told = JSON.parse(payload);
    const what = `${events.toLocaleString("en-US")} asynchronous events, half of them failing twice`;
    bench.row(`${what}: accepted and run`, atLeast(events), told.events, {
      note: `${Math.round(events / acceptedSeconds)} accepted a second, ${told.runs} attempts in ${seconds.toFixed(0)} s`,
    });
    bench.row(`${what}: with another number of attempts than 1 or 3`, atMost(0), told.wrong);
    bench.row(`${what}: most attempts of one event`, atMost(3), told.most);
    const usage = stack.usage();
    if (usage === undefined) bench.skip(`${what}: RSS`, "no /proc here");
    else {
      bench.row(`${what}: memory of the stack's own at its peak`, atMost(200, " MB"), megabytes(own.stop()));
      bench.row(
        `${what}: RSS at its peak, with the pages of the state file that are mapped`,
        atMost(200, " MB"),
        megabytes(usage.peakBytes),
      );
    }
  } finally {
    await Promise.all([load.stop(), stack.stop()]);
  }
}
