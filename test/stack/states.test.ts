/** Step Functions as part of a stack: machines of the template, their life over restarts, one-shot commands, other servers. */
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeStateMachineCommand,
  ListActivitiesCommand,
  ListStateMachinesCommand,
  SFNClient,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import { createStack, type CreateStackOptions, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";
import { PATIENT } from "../until.js";

const STARTER = `const { SFNClient, StartExecutionCommand } = require("@aws-sdk/client-sfn");
exports.handler = (event) => new SFNClient({}).send(new StartExecutionCommand({
  stateMachineArn: process.env.MACHINE, input: JSON.stringify(event),
})).then(({ executionArn }) => executionArn);`;
const RECORD = `exports.handler = async (event) => { console.log("recorded", JSON.stringify(event)); return event; };`;
const SLOW = `exports.handler = (event) => new Promise((done) => setTimeout(done, 700, event));`;
const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Timeout: 30 } }
Resources:
  Starter:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: starter, Runtime: nodejs22.x, Handler: starter.handler, CodeUri: src, Timeout: 10, Environment: { Variables: { MACHINE: !Ref Later } } }
  Record:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: record, Runtime: nodejs22.x, Handler: record.handler, CodeUri: src }
  SlowFunction:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: slow, Runtime: nodejs22.x, Handler: slow.handler, CodeUri: src }
  Slow:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: slow, Definition: { StartAt: A, States: { A: { Type: Task, Resource: !GetAtt SlowFunction.Arn, End: true } } } }
  Approve: { Type: AWS::StepFunctions::Activity, Properties: { Name: approve } }
  Later:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: later
      AutoPublishAlias: live
      Definition:
        StartAt: Pause
        States:
          Pause: { Type: Wait, Seconds: 1, Next: Record }
          Record: { Type: Task, Resource: !GetAtt Record.Arn, End: true }
  Broken:
    Type: AWS::Serverless::StateMachine
    Properties: { Name: broken, Definition: { StartAt: Nowhere, States: { A: { Type: Pass, End: true } } } }
`;
const arnOf = (name: string): string => `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`;

let project: ProjectFolder;
beforeEach(() => {
  project = new ProjectFolder({
    "template.yaml": TEMPLATE,
    "src/starter.js": STARTER,
    "src/record.js": RECORD,
    "src/slow.js": SLOW,
    "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 } }),
  });
});
afterEach(() => project.remove());

async function withStack<T>(
  options: CreateStackOptions,
  work: (stack: TestStack, client: SFNClient, notices: readonly string[]) => Promise<T>,
): Promise<T> {
  const notices: string[] = [];
  const stack = await createStack({ folder: project.folder, onNotice: (text) => notices.push(text), ...options });
  const client = new SFNClient(stack.clientConfig);
  try {
    return await work(stack, client, notices);
  } finally {
    client.destroy();
    await stack.close();
  }
}

it("has the machines, aliases and activities of the template, and says of a definition that AWS refuses why it is not there", async () => {
  await withStack({}, async (stack, client, notices) => {
    const { stateMachines = [] } = await client.send(new ListStateMachinesCommand({}));
    expect(stateMachines.map(({ name }) => name)).toEqual(["later", "slow"]);
    const { activities = [] } = await client.send(new ListActivitiesCommand({}));
    expect(activities.map(({ name }) => name)).toEqual(["approve"]);
    const live = await client.send(new DescribeStateMachineCommand({ stateMachineArn: `${arnOf("later")}:live` }));
    expect(live.definition).toContain("arn:aws:lambda:us-east-1:000000000000:function:record");
    await stack.waitFor(
      () => notices.some((text) => text.startsWith("state machine Broken cannot be started")),
      PATIENT,
    );
    expect(notices.join("\n")).toContain("MISSING_TRANSITION_TARGET");
  });
});

it("moves on with virtual time, and stands still while functions run", async () => {
  await withStack({ clock: "virtual" }, async (stack, client) => {
    const { payload: executionArn } = await stack.invoke<string>("starter", { id: 7 });
    expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({ status: "RUNNING" });
    await stack.clock.advance("1s");
    expect(await client.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: "SUCCEEDED",
      output: '{"id":7}',
    });
  });
});

it("runs a machine to its end for a test, with its output or what failed it", async () => {
  await withStack({ clock: "virtual" }, async (stack) => {
    const running = stack.execute("Later", { id: 8 });
    await stack.clock.advance("1s");
    expect(await running).toMatchObject({ status: "SUCCEEDED", output: { id: 8 } });
    await expect(stack.execute("Latr")).rejects.toThrow('There is no state machine "Latr". Did you mean "Later"?');
  });
});

it("goes on after a restart with the executions that it was stopped in", async () => {
  const kept = { config: { ephemeral: false } };
  const executionArn = await withStack({ ...kept, clock: "virtual" }, async (_stack, client) => {
    const started = await client.send(new StartExecutionCommand({ stateMachineArn: arnOf("later"), input: "[1]" }));
    return started.executionArn;
  });
  await withStack({ ...kept, clock: new Date(Date.UTC(2026, 0, 1, 0, 0, 1)) }, async (stack, client) => {
    // Nobody has asked for Step Functions in this process yet.
    await stack.waitFor(() => stack.invocations("record").length === 1, PATIENT);
    const ended = await stack.waitFor(async () => {
      const execution = await client.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status === "RUNNING" ? undefined : execution;
    }, PATIENT);
    expect(ended).toMatchObject({ status: "SUCCEEDED", output: "[1]" });
  });
});

it("goes on after a restart with executions of machines that no template declares", async () => {
  project.write("template.yaml", "Resources: { Q: { Type: AWS::SQS::Queue } }");
  const kept = { config: { ephemeral: false } };
  const executionArn = await withStack({ ...kept, clock: "virtual" }, async (_stack, client) => {
    const definition =
      '{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":1,"Next":"B"},"B":{"Type":"Pass","End":true}}}';
    const roleArn = "arn:aws:iam::000000000000:role/r";
    const { stateMachineArn } = await client.send(new CreateStateMachineCommand({ name: "made", definition, roleArn }));
    return (await client.send(new StartExecutionCommand({ stateMachineArn }))).executionArn;
  });
  const later = new Date(Date.UTC(2026, 0, 1, 0, 0, 1));
  await withStack({ ...kept, clock: later }, async (stack, client) => {
    const ended = await stack.waitFor(async () => {
      const execution = await client.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status === "RUNNING" ? undefined : execution;
    }, PATIENT);
    expect(ended).toMatchObject({ status: "SUCCEEDED" });
  });
});

it("fails no execution whose task is cut off by the end of the stack: the task runs again", async () => {
  const kept = { config: { ephemeral: false } };
  const executionArn = await withStack(kept, async (stack, client) => {
    const started = await client.send(new StartExecutionCommand({ stateMachineArn: arnOf("slow"), input: "[2]" }));
    // The task, and the invocation that does its work.
    await stack.waitFor(() => stack.stack.activity.running === 2, PATIENT);
    return started.executionArn;
  });
  await withStack(kept, async (stack, client) => {
    const ended = await stack.waitFor(async () => {
      const execution = await client.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status === "RUNNING" ? undefined : execution;
    }, PATIENT);
    expect(ended).toMatchObject({ status: "SUCCEEDED", output: "[2]" });
    expect(stack.invocations("slow")).toHaveLength(1);
  });
});

it("goes on with the definition it had where the new one is refused, and says so", async () => {
  await withStack({}, async ({ stack }, client, notices) => {
    const definitionOf = async (): Promise<unknown> =>
      (await client.send(new DescribeStateMachineCommand({ stateMachineArn: arnOf("slow") }))).definition;
    const before = await definitionOf();
    const { application } = stack;
    const stateMachines = application.stateMachines.map((machine) =>
      machine.name === "slow" ? { ...machine, definition: '{"StartAt":"No","States":{}}' } : machine,
    );
    await stack.replaceApplication({ ...application, stateMachines });
    expect(notices.some((text) => text.startsWith("state machine Slow goes on with the definition it had: "))).toBe(
      true,
    );
    expect(await definitionOf()).toBe(before);
  });
});

it("takes a machine away that the template has no longer", async () => {
  await withStack({}, async ({ stack }, client) => {
    const names = async (): Promise<unknown> =>
      (await client.send(new ListStateMachinesCommand({}))).stateMachines?.map(({ name }) => name);
    expect(await names()).toEqual(["later", "slow"]);
    const { application } = stack;
    const stateMachines = application.stateMachines.filter(({ name }) => name !== "slow");
    await stack.replaceApplication({ ...application, stateMachines });
    expect(await names()).toEqual(["later"]);
  });
});

it("lets the execution that a function has started end before a one-shot command does", async () => {
  const { exitCode, stdout, stderr } = await project.run(["invoke", "starter", "--data", '{"id":7}']);
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toMatch(/:execution:later:/);
  expect(stderr).toContain('recorded {"id":7}');
});

it("makes the machines on another server that has Step Functions, and leaves their tasks to it", async () => {
  await withStack({}, async (there) => {
    const elsewhere = new ProjectFolder({
      "template.yaml": `
Resources:
  Far: { Type: AWS::StepFunctions::StateMachine, Properties: { StateMachineName: far, RoleArn: "arn:aws:iam::000000000000:role/r", DefinitionString: '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}' } }
`,
      "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 } }),
    });
    try {
      const place = `states=${there.endpoint}`;
      const { stdout, exitCode } = await elsewhere.run([
        "execute",
        "Far",
        "--data",
        '{"far":true}',
        "--ephemeral",
        "--endpoint",
        place,
      ]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '{"far":true}\n' });
    } finally {
      elsewhere.remove();
    }
    const client = new SFNClient(there.clientConfig);
    const { stateMachines = [] } = await client.send(new ListStateMachinesCommand({}));
    client.destroy();
    expect(stateMachines.map(({ name }) => name)).toEqual(["far", "later", "slow"]);
  });
});
