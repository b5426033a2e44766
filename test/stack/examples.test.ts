/** The example project, run as its user runs it: node's own test runner, in a folder that has lambda-run installed. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";

const ROOT = join(__dirname, "..", "..");
const run = promisify(execFile);

it("tests an API, a bucket and the retries of a failing event in node:test", async () => {
  const project = new ProjectFolder({});
  try {
    cpSync(join(ROOT, "examples", "orders"), project.folder, { recursive: true });
    mkdirSync(join(project.folder, "node_modules"));
    symlinkSync(ROOT, join(project.folder, "node_modules", "lambda-run"));
    // Jest's own variable would tell the child that it is part of this run.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = await run(process.execPath, ["--test", "--test-reporter", "tap", "orders.node-test.mjs"], {
      cwd: project.folder,
      env,
    });
    expect(stdout).toMatch(/^# pass 3$/m);
  } finally {
    project.remove();
  }
});

it("prices an order by a state machine, which tries again what is busy", async () => {
  const folder = join(ROOT, "examples", "checkout");
  const order = JSON.parse(readFileSync(join(folder, "order.json"), "utf8")) as unknown;
  const stack = await createStack({ folder, clock: "virtual" });
  try {
    const running = stack.execute("Checkout", order);
    await stack.clock.advance("1s");
    expect(await running).toMatchObject({ status: "SUCCEEDED", output: { total: 21 } });
    expect(stack.invocations("price")).toHaveLength(3);
  } finally {
    await stack.close();
  }
});
