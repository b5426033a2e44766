/** AWS's own SDK for durable execution, unmodified, in handlers of a stack with virtual time. */
import {
  GetDurableExecutionHistoryCommand,
  ListDurableExecutionsByFunctionCommand,
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
} from "@aws-sdk/client-lambda";
import type { ProjectFolder } from "../cli/cli.js";
import { durableProject, fn, handler, PATIENT, startWorld, template, type DurableWorld } from "./world.js";

const LONG = { durable: "ExecutionTimeout: 2592000, RetentionPeriodInDays: 7" };
const RETRY = `{ retryStrategy: (error, attempt) => attempt < 3 ? { shouldRetry: true, delay: { seconds: 10 } } : { shouldRetry: false } }`;

const HANDLERS = {
  order: `
    const paid = await context.step("charge", async () => { console.log("charging"); return event.price; });
    await context.wait("cooling", { days: 2 });
    return { paid, shipped: await context.step("ship", async () => { console.log("shipping"); return true; }) };`,
  retry: `
    return context.step("flaky", async (step) => {
      const attempt = globalThis.attempts = (globalThis.attempts ?? 0) + 1;
      console.log("attempt " + attempt);
      if (attempt <= event.failures) throw new TypeError("no " + attempt);
      return attempt;
    }, ${RETRY});`,
  approve: `
    try {
      const decision = await context.waitForCallback("decision", async (id) => console.log("CALLBACK " + id), event.config);
      return { decision };
    } catch (error) {
      return { refused: error.name + ": " + (error.cause?.message ?? error.message) };
    }`,
  fan: `
    const both = await context.parallel("both", [
      async (child) => { await child.wait("nap", { seconds: 30 }); return "slept"; },
      async (child) => child.step("work", async () => "worked"),
    ]);
    const squares = await context.map("squares", [1, 2, 3], async (child, item) => {
      await child.wait({ seconds: 5 });
      return child.step(async () => item * item);
    }, { maxConcurrency: 2 });
    const nested = await context.runInChildContext("nested", async (child) => {
      await child.wait({ minutes: 1 });
      return child.step("inner", async () => "inner");
    });
    return [both.getResults(), squares.getResults(), nested];`,
  caller: `
    const outcomes = [];
    for (const name of event.names)
      outcomes.push(await context.invoke(name, name, { from: "caller" }).catch((error) => error.name + ": " + error.message));
    return outcomes;`,
  child: `
    await context.wait({ hours: 1 });
    return { child: event };`,
  poll: `
    return context.waitForCondition("ready", async (state) => state + 1, {
      initialState: 0,
      waitStrategy: (state) => state >= 3 ? { shouldContinue: false } : { shouldContinue: true, delay: { minutes: 10 } },
    });`,
  broken: `
    await context.step("first", async () => 1);
    throw new RangeError("beyond");`,
  moody: `
    globalThis.round = (globalThis.round ?? 0) + 1;
    if (globalThis.round === 1) await context.wait("pause", { seconds: 5 });
    else await context.step("other", async () => 1);`,
  heavy: `
    let bytes = 0;
    for (let at = 0; at < 6; at++) bytes += (await context.step("part " + at, async () => "x".repeat(900_000))).length;
    await context.wait("pause", { seconds: 5 });
    return bytes;`,
  large: `return "x".repeat(event.size);`,
};

/** A branch waits while another one works, as long as that takes: nothing is suspended, and the SDK asks for the end of the wait itself. */
const BUSY = `
    const started = Date.now();
    let paused;
    const pause = new Promise((done) => (paused = done));
    const [, pausedMs] = (await context.parallel("both", [
      (child) => child.step("work", () => pause),
      async (child) => { await child.wait("pause", { seconds: 1 }); paused("worked"); return Date.now() - started; },
    ])).getResults();
    return pausedMs;`;

let project: ProjectFolder;
let world: DurableWorld;
beforeAll(async () => {
  project = durableProject({
    "template.yaml": template(
      ...Object.keys(HANDLERS).map((name) => fn(`${name.slice(0, 1).toUpperCase()}${name.slice(1)}`, LONG)),
      fn("Busy"),
      fn("Plain", { durable: "" }),
      fn("Thrower", { durable: "" }),
    ),
    ...Object.fromEntries(Object.entries(HANDLERS).map(([name, body]) => [`src/${name}.js`, handler(body)])),
    "src/busy.js": handler(BUSY),
    "src/plain.js": "exports.handler = async (event) => ({ plain: event });",
    "src/thrower.js": "exports.handler = async () => { throw new SyntaxError('thrown'); };",
  });
  world = await startWorld(project);
});
afterAll(async () => {
  await world.close();
  project.remove();
});

/** Lines that handlers have printed. */
const printed = (name: string): string[] =>
  world.stack.invocations(name).flatMap(({ logs }) => logs.flatMap((line) => line.split("\tINFO\t")[1] ?? []));

/** Event types of the last execution of a function, in order. */
async function historyOf(FunctionName: string): Promise<(string | undefined)[]> {
  const { DurableExecutions: [last] = [] } = await world.client.send(
    new ListDurableExecutionsByFunctionCommand({ FunctionName }),
  );
  const { Events = [] } = await world.client.send(
    new GetDurableExecutionHistoryCommand({ DurableExecutionArn: last?.DurableExecutionArn }),
  );
  return Events.map(({ EventType }) => EventType);
}

const known = new Set<string>();
/** Of the callback that is awaited now. */
async function callbackId(): Promise<string> {
  const isNew = (line: string): boolean => line.startsWith("CALLBACK ") && !known.has(line);
  const line = await world.stack.waitFor(() => printed("approve").find(isNew), PATIENT);
  known.add(line);
  return line.slice("CALLBACK ".length);
}

describe("A handler with AWS's SDK for durable execution", () => {
  it("waits for days in no time, and does what it has done not again", async () => {
    const { stack } = world;
    const done = stack.invoke("order", { price: 12 });
    await stack.clock.advance("47h");
    expect(printed("order")).toEqual(["charging"]);
    await stack.clock.advance("1h");
    expect((await done).payload).toEqual({ paid: 12, shipped: true });
    expect(printed("order")).toEqual(["charging", "shipping"]);
    expect(stack.invocations("order")).toHaveLength(2);
    expect(await historyOf("order")).toEqual([
      "ExecutionStarted",
      "StepStarted",
      "StepSucceeded",
      "WaitStarted",
      "InvocationCompleted",
      "WaitSucceeded",
      "StepStarted",
      "StepSucceeded",
      "InvocationCompleted",
      "ExecutionSucceeded",
    ]);
  });

  it("tries a step again after its delay, until its strategy gives up", async () => {
    const { stack } = world;
    const works = stack.invoke("retry", { failures: 2 });
    await stack.clock.advance("9s");
    expect(printed("retry")).toEqual(["attempt 1"]);
    await stack.clock.advance("11s");
    expect((await works).payload).toBe(3);
    const fails = stack.invoke("retry", { failures: 100 });
    await stack.clock.advance("20s");
    expect((await fails).error).toMatchObject({ errorType: "StepError", errorMessage: "no 6" });
    expect((await historyOf("retry")).filter((type) => type === "StepFailed")).toHaveLength(3);
  });

  it("goes on when its callback is answered, refused or out of time", async () => {
    const { stack, client } = world;
    const approved = stack.invoke("approve", {});
    const Result = Buffer.from(JSON.stringify({ by: "ada" }));
    const first = await callbackId();
    await client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: first, Result }));
    expect((await approved).payload).toEqual({ decision: '{"by":"ada"}' });
    await expect(
      client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: first, Result })),
    ).rejects.toMatchObject({
      name: "CallbackTimeoutException",
      message: "The callback is either timed out or already completed",
    });

    const refused = stack.invoke("approve", {});
    const Error = { ErrorType: "Refused", ErrorMessage: "too dear" };
    await client.send(new SendDurableExecutionCallbackFailureCommand({ CallbackId: await callbackId(), Error }));
    expect((await refused).payload).toEqual({ refused: expect.stringContaining("too dear") });

    const late = stack.invoke("approve", { config: { timeout: { hours: 1 }, heartbeatTimeout: { minutes: 2 } } });
    const third = await callbackId();
    await stack.clock.advance("110s");
    await client.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId: third }));
    await stack.clock.advance("110s");
    await expect(
      client.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId: third })),
    ).resolves.toBeDefined();
    await stack.clock.advance("2m");
    expect((await late).payload).toEqual({ refused: expect.stringContaining("Callback timed out on heartbeat") });
    expect(await historyOf("approve")).toContain("CallbackTimedOut");
  });

  it("works in branches, items and child contexts, each with waits of its own", async () => {
    const { stack } = world;
    const done = stack.invoke("fan");
    await stack.clock.advance("2m");
    expect((await done).payload).toEqual([["slept", "worked"], [1, 4, 9], "inner"]);
    // Of what has ended as a whole, a replay needs the result alone.
    const last = JSON.stringify(stack.invocations("fan").at(-1)?.event);
    expect(last).toContain('"Name":"both"');
    expect(last).not.toContain('"Name":"work"');
    const history = await historyOf("fan");
    expect(history.filter((type) => type === "ContextSucceeded").length).toBeGreaterThanOrEqual(8);
    expect(history.filter((type) => type === "WaitSucceeded")).toHaveLength(5);
  });

  it("calls other functions, durable ones too, and hears how they ended", async () => {
    const { stack } = world;
    const done = stack.invoke("caller", { names: ["plain", "thrower", "child:$LATEST", "child", "nobody"] });
    await stack.clock.advance("2h");
    expect((await done).payload).toEqual([
      { plain: { from: "caller" } },
      expect.stringContaining("thrown"),
      { child: { from: "caller" } },
      expect.stringContaining("You cannot invoke a durable function using an unqualified ARN."),
      expect.stringContaining("Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody:$LATEST"),
    ]);
    const { DurableExecutions } = await world.client.send(
      new ListDurableExecutionsByFunctionCommand({ FunctionName: "child" }),
    );
    expect(DurableExecutions).toMatchObject([{ Status: "SUCCEEDED" }]);
  });

  it("asks again until its condition holds", async () => {
    const { stack } = world;
    const done = stack.invoke("poll");
    await stack.clock.advance("19m");
    expect(stack.invocations("poll")).toHaveLength(2);
    await stack.clock.advance("1m");
    expect((await done).payload).toBe(3);
  });

  it("fails its execution with the error that it throws", async () => {
    const { error } = await world.stack.invoke("broken");
    expect(error).toMatchObject({ errorType: "RangeError", errorMessage: "beyond" });
    expect((await historyOf("broken")).at(-1)).toBe("ExecutionFailed");
  });

  it("is found out when it does something else than before", async () => {
    const { stack } = world;
    const done = stack.invoke("moody");
    await stack.clock.advance("5s");
    expect((await done).error?.errorMessage).toMatch(/Non-deterministic/i);
  });

  it("gets a state that is too large for its event in pages", async () => {
    const { stack } = world;
    const done = stack.invoke("heavy");
    await stack.clock.advance("5s");
    expect((await done).payload).toBe(5_400_000);
    const [, second] = stack.invocations("heavy");
    expect(second?.event).toMatchObject({ InitialExecutionState: { NextMarker: expect.stringMatching(/./) } });
  });

  it("may answer with 6 MB, by a checkpoint of its execution", async () => {
    const { payload } = await world.stack.invoke<string>("large", { size: 6_291_454 });
    expect(payload).toHaveLength(6_291_454);
  });

  it("may wait within an invocation, in real time", async () => {
    const real = await startWorld(project, { clock: "real" });
    try {
      const { payload } = await real.stack.invoke<number>("busy");
      expect(payload).toBeGreaterThanOrEqual(990);
      expect(real.stack.invocations("busy")).toHaveLength(1);
    } finally {
      await real.close();
    }
  });
});
