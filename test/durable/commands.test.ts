/** Durable functions in commands that run one thing. */
import { SendDurableExecutionCallbackSuccessCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { readyOf } from "../ready-line.js";
import type { ProjectFolder } from "../cli/cli.js";
import { durableProject, fn, handler, template } from "./world.js";

let project: ProjectFolder;
beforeAll(() => {
  project = durableProject({
    "template.yaml": template(fn("Order"), fn("Approve"), fn("Starter", { durable: "" })),
    "src/order.js": handler(`
      const paid = await context.step("charge", async () => { console.log("charging"); return event.price; });
      await context.wait("cooling", { seconds: 1 });
      if (event.fails) throw new RangeError("sold out");
      return { paid };`),
    "src/approve.js": handler(`return context.waitForCallback("boss", async (id) => console.log("CALLBACK", id));`),
    "src/starter.js": `
const { LambdaClient, InvokeCommand } = require("@aws-sdk/client-lambda");
exports.handler = (event) => new LambdaClient({}).send(new InvokeCommand({
  FunctionName: "order:$LATEST", InvocationType: "Event", Payload: JSON.stringify(event),
})).then(({ DurableExecutionArn }) => DurableExecutionArn);`,
  });
});
afterAll(() => project.remove());

it("invoke runs an execution to its end, and says what it waits for", async () => {
  const { exitCode, stdout, stderr } = await project.run(["invoke", "Order", "--data", '{"price":3}', "--ephemeral"]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '{"paid":3}\n' });
  expect(stderr).toMatch(/note order is suspended: it waits until \d{4}-.*Z \(cooling\)/);
  expect(stderr.match(/\tcharging/g)).toHaveLength(1);
});

it("invoke ends with 1 when the execution fails, and says why", async () => {
  const data = '{"price":3,"fails":true}';
  const { exitCode, stdout } = await project.run(["invoke", "Order", "--data", data, "--ephemeral"]);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ errorType: "RangeError", errorMessage: "sold out" });
});

it("a one-shot command waits for the executions that its function has begun", async () => {
  const { exitCode, stdout, stderr } = await project.run(["invoke", "Starter", "--data", '{"price":4}', "--ephemeral"]);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toContain(":function:order:$LATEST/durable-execution/");
  expect(stderr).toContain("order is suspended");
  expect(stderr.match(/END RequestId/g)).toHaveLength(3);
});

it("events, show and why tell of executions and what began them, and replay begins one more", async () => {
  await project.run(["invoke", "Order", "--data", '{"price":5}']);
  const { stdout: events } = await project.run(["events", "--json"]);
  const records = events
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, string>);
  const last = records.filter(({ kind }) => kind === "execution").at(-1);
  expect(last).toMatchObject({ machineName: "order", status: "SUCCEEDED", input: '{"price":5}', output: '{"paid":5}' });
  expect(records.filter(({ kind }) => kind === "invocation").map(({ event }) => event)).toContain('{"price":5}');
  const id = last?.["id"] ?? "";
  const { stdout: page } = await project.run(["show", id]);
  expect(page).toContain(":function:order:$LATEST/durable-execution/");
  const { stdout: why } = await project.run(["why", id]);
  expect(why).toContain("order ran with an event of direct");
  const { stdout: again } = await project.run(["replay"]);
  expect(again).toBe('{"paid":5}\n');
});

it("invoke stops its execution at Ctrl-C", async () => {
  const child = project.spawn(["invoke", "Approve"]);
  const exited = new Promise((resolve) => child.once("close", resolve));
  await new Promise<void>((resolve) => {
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes("approve is suspended: the callback")) resolve();
    });
  });
  child.kill("SIGINT");
  expect(await exited).toBe(130);
  const { stdout } = await project.run(["events", "--json"]);
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({
    kind: "execution",
    machineName: "approve",
    status: "STOPPED",
    error: "Interrupted",
  });
});

it("invoke beside a running stack leaves the execution to that one, and waits for it", async () => {
  const child = project.spawn(["start", "--json"]);
  try {
    const { endpoint } = await readyOf(child.stdout);
    const invoked = project.run(["invoke", "Approve"]);
    const callback = await new Promise<string>((resolve) => {
      let text = "";
      child.stderr.setEncoding("utf8");
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer | string) => {
          text += String(chunk);
          const [, id] = /CALLBACK ([A-Za-z0-9+/=]+)/.exec(text) ?? [];
          if (id !== undefined) resolve(id);
        });
    });
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const client = new LambdaClient({ endpoint, region: "us-east-1", credentials });
    await client.send(
      new SendDurableExecutionCallbackSuccessCommand({ CallbackId: callback, Result: Buffer.from('"yes"') }),
    );
    client.destroy();
    const { exitCode, stdout, stderr } = await invoked;
    expect({ exitCode, stdout: JSON.parse(stdout) }).toEqual({ exitCode: 0, stdout: '"yes"' });
    expect(stderr).toContain("runs the execution arn:aws:lambda:us-east-1:000000000000:function:approve:$LATEST/");
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("close", resolve));
  }
});
