/** `top` as a process, in a pipe and at a real terminal (a pty made by `script`), beside a running stack. */
import { spawn, spawnSync } from "node:child_process";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { itUnless } from "../unless.js";
import { BIN, ProjectFolder } from "./cli.js";
import { Screen } from "./screen.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Hello:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: hello, Runtime: nodejs22.x, CodeUri: src/, Handler: hello.handler }
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: flow, Definition: { StartAt: F, States: { F: { Type: Fail, Error: Broken } } } }
`;
const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

let project: ProjectFolder;
let stack: Screen;
let endpoint: string;
const terminals: Screen[] = [];
beforeEach(async () => {
  project = new ProjectFolder({
    "template.yaml": TEMPLATE,
    "src/hello.js": "exports.handler = async (event) => { if (event.fail) throw new Error('asked to'); };",
    "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 } }),
  });
  stack = new Screen(project.spawn(["start", "--json"]));
  const ready = await stack.sees(/"event":"ready","endpoint":"[^"]+"/);
  endpoint = /"endpoint":"([^"]+)"/.exec(ready)?.[1] ?? "";
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) {
    terminal.kill("SIGKILL");
    await terminal.exited;
  }
  stack.kill("SIGKILL");
  await stack.exited;
  project.remove();
});

async function invoke(payload: object): Promise<void> {
  const lambda = new LambdaClient({ endpoint, region: "us-east-1", credentials: CREDENTIALS });
  await lambda.send(new InvokeCommand({ FunctionName: "hello", Payload: Buffer.from(JSON.stringify(payload)) }));
  lambda.destroy();
}

it("shows once, in a pipe, what waits and what has run; without a stack it says so", async () => {
  await invoke({});
  await invoke({ fail: true });
  await project.run(["execute", "flow"]);
  const { stdout } = await project.run(["top"]);
  expect(stdout).toMatch(/^QUEUE +VISIBLE +IN FLIGHT +DELAYED +OLDEST\norders +0 +0 +0 +-\n/);
  expect(stdout).toMatch(/^Flow +0 +0 +1$/m);
  expect(stdout).toMatch(/^hello +0 +2 +- +0 +1$/m);
  const { counts } = JSON.parse((await project.run(["top", "--json"])).stdout) as { readonly counts: unknown };
  expect(counts).toEqual({
    functions: { hello: { running: 0, invocations: 2, errors: 1, throttles: 0 } },
    machines: { flow: { running: 0, succeeded: 0, failed: 1 } },
  });
  stack.kill("SIGINT");
  await stack.exited;
  expect(await project.run(["top"])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(/No stack is running here[^]*lambda-run start/) as string,
  });
});

const pty = spawnSync("script", ["--version"]);
const withPty = itUnless(pty.status === 0 ? undefined : "no `script` of util-linux, which makes the terminal");

function terminal(before = ""): Screen {
  const command = [process.execPath, BIN, "top"].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["-qfec", `${before}${command}`, "/dev/null"], {
    cwd: project.folder,
    env: { ...process.env, NO_COLOR: "1", TERM: "xterm" },
  });
  const screen = new Screen(child);
  terminals.push(screen);
  return screen;
}

withPty("draws anew what changes, and leaves the terminal as it was", async () => {
  const screen = terminal("stty rows 24 cols 80; ");
  await screen.sees(new RegExp(String.raw`\u001b\[\?1049h`));
  await screen.sees(/orders +0 +0 +0[\s\S]*hello +0 +0 +-[\s\S]*q quit/);
  const sqs = new SQSClient({ endpoint, region: "us-east-1", credentials: CREDENTIALS });
  await sqs.send(new SendMessageCommand({ QueueUrl: `${endpoint}/000000000000/orders`, MessageBody: "m" }));
  sqs.destroy();
  await invoke({});
  await screen.sees(/orders +1 +0 +0 +\d+ s[\s\S]*hello +0 +1 +[\d.]+/);
  screen.type("q");
  await screen.sees(new RegExp(String.raw`\u001b\[\?25h\u001b\[\?1049l`));
  expect(await screen.exited).toBe(0);

  const second = terminal();
  await second.sees(/orders/);
  stack.kill("SIGKILL");
  await second.sees(/the stack has ended/);
  expect(await second.exited).toBe(0);
});
