/** Durable executions over the end of the process that runs them. */
import {
  GetDurableExecutionCommand,
  InvokeCommand,
  LambdaClient,
  SendDurableExecutionCallbackSuccessCommand,
} from "@aws-sdk/client-lambda";
import type { ProjectFolder } from "../cli/cli.js";
import { readyOf } from "../ready-line.js";
import { durableProject, fn, handler, PATIENT, startWorld, template, type DurableWorld } from "./world.js";

const DAY_MS = 86_400_000;

let project: ProjectFolder;
beforeEach(() => {
  project = durableProject({
    "template.yaml": template(
      fn("Order", { durable: "ExecutionTimeout: 2592000" }),
      fn("Slow"),
      fn("Caller"),
      fn("Late", { durable: "" }),
    ),
    "src/order.js": handler(`
      await context.step("charge", async () => console.log("charging"));
      const boss = await context.waitForCallback("boss", async (id) => console.log("CALLBACK", id));
      await context.wait("cooling", { days: 2 });
      await context.step("ship", async () => console.log("shipping"));
      return boss;`),
    "src/slow.js": handler(`
      await context.step("first", async () => console.log("first"));
      return context.step("second", () => new Promise((done) => {
        console.log("at work");
        setTimeout(done, 700, "done");
      }));`),
    "src/caller.js": handler(`return context.invoke("late", "late", {});`),
    "src/late.js": `exports.handler = () => new Promise((done) => {
      console.log("at work");
      setTimeout(done, 700, "called");
    });`,
  });
});
afterEach(() => project.remove());

const kept = { config: { ephemeral: false } };
const event = (name: string): InvokeCommand =>
  new InvokeCommand({ FunctionName: name, Qualifier: "$LATEST", InvocationType: "Event", Payload: "{}" });

const endOf = ({ stack, client }: DurableWorld, DurableExecutionArn: string | undefined) =>
  stack.waitFor(async () => {
    const execution = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
    return execution.Status === "RUNNING" ? undefined : execution;
  }, PATIENT);

it("an execution goes on after kill -9 where it was, its callback and its wait included", async () => {
  const child = project.spawn(["start", "--json"]);
  const closed = new Promise((resolve) => child.once("close", resolve));
  let printed = "";
  const called = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
        const [, id] = /CALLBACK ([A-Za-z0-9+/=]+)/.exec(printed) ?? [];
        if (id !== undefined && /CALLBACK.*"event":"invocation"/s.test(printed)) resolve(id);
      });
  });
  const { endpoint } = await readyOf(child.stdout);
  const first = new LambdaClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const { DurableExecutionArn } = await first.send(event("order"));
  first.destroy();
  const CallbackId = await called;
  child.kill("SIGKILL");
  await closed;

  const world = await startWorld(project, { ...kept, clock: new Date(Date.now() + DAY_MS) });
  try {
    const { stack, client } = world;
    await client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: Buffer.from("yes") }));
    await stack.clock.advance("47h");
    expect(await client.send(new GetDurableExecutionCommand({ DurableExecutionArn }))).toMatchObject({
      Status: "RUNNING",
    });
    await stack.clock.advance("1h");
    expect(await endOf(world, DurableExecutionArn)).toMatchObject({ Status: "SUCCEEDED", Result: '"yes"' });
    const lines = stack.invocations("order").flatMap(({ logs }) => logs);
    expect(lines.filter((line) => /charging|CALLBACK/.test(line))).toEqual([]);
    expect(lines.filter((line) => line.includes("shipping"))).toHaveLength(1);
  } finally {
    await world.close();
  }
});

it("a wait whose end nobody saw ends with the next start, though nobody asks for it", async () => {
  const before = await startWorld(project, kept);
  const { DurableExecutionArn } = await before.client.send(event("order"));
  const id = await before.stack.waitFor(
    () =>
      /CALLBACK (\S+)/.exec(
        before.stack
          .invocations("order")
          .flatMap(({ logs }) => logs)
          .join("\n"),
      )?.[1],
    PATIENT,
  );
  await before.client.send(
    new SendDurableExecutionCallbackSuccessCommand({ CallbackId: id, Result: Buffer.from("ok") }),
  );
  await before.stack.stack.activity.quiet();
  await before.close();
  const after = await startWorld(project, { ...kept, clock: new Date(Date.UTC(2026, 0, 4)) });
  try {
    await after.stack.waitFor(() => after.stack.invocations("order").length === 1, PATIENT);
    expect(await endOf(after, DurableExecutionArn)).toMatchObject({ Status: "SUCCEEDED" });
  } finally {
    await after.close();
  }
});

it.each(["slow", "caller"])("an invocation that the end of the stack cuts off is made again: %s", async (name) => {
  const printed: string[] = [];
  const before = await startWorld(project, { ...kept, onLog: (_, line) => printed.push(line) });
  const { DurableExecutionArn } = await before.client.send(event(name));
  // The second step, or the function that is called, is at work.
  await before.stack.waitFor(() => printed.some((line) => line.includes("at work")), PATIENT);
  await before.close();
  const after = await startWorld(project, kept);
  try {
    const end = await endOf(after, DurableExecutionArn);
    expect(end).toMatchObject({ Status: "SUCCEEDED", Result: name === "slow" ? '"done"' : '"called"' });
  } finally {
    await after.close();
  }
});
