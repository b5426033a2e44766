/** What of state machines would not go here as it goes on AWS. */
import type { Application, StateMachineConfig } from "../../../src/config/application.js";
import { checkStateMachines } from "../../../src/stack/deploy-checks/state-machines.js";

function findings(states: Record<string, unknown>): string[] {
  const machine: StateMachineConfig = {
    logicalId: "Machine",
    name: "machine",
    arn: "arn:aws:states:us-east-1:000000000000:stateMachine:machine",
    type: "STANDARD",
    definition: JSON.stringify({ StartAt: Object.keys(states)[0], States: states }),
    definedAt: "machine.asl.json",
    roleArn: "arn:aws:iam::000000000000:role/r",
    logging: { level: "OFF", includeExecutionData: false, logGroupArns: [] },
    tracing: false,
    tags: {},
    published: undefined,
  };
  const application = { stateMachines: [machine] } as unknown as Application;
  return checkStateMachines(application).map(({ severity, what }) => `${severity}: ${what}`);
}

const task = (resource: string) => ({ Type: "Task", Resource: resource, End: true });

it.each([
  "arn:aws:lambda:us-east-1:000000000000:function:f",
  "arn:aws:states:us-east-1:000000000000:activity:a",
  "arn:aws:states:::dynamodb:putItem",
  "arn:aws:states:::http:invoke",
  "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
  "arn:aws:states:::states:startExecution.sync:2",
  "arn:aws:states:::aws-sdk:s3:listBuckets",
])("nothing is said of a task that runs here: %s", (resource) => {
  expect(findings({ Only: task(resource) })).toEqual([]);
});

it.each(["arn:aws:states:::glue:startJobRun.sync", "arn:aws:states:::aws-sdk:ec2:describeInstances"])(
  "a task that only AWS runs is told of, wherever it stands: %s",
  (resource) => {
    const branch = { StartAt: "Inner", States: { Inner: task(resource) } };
    expect(findings({ Both: { Type: "Parallel", Branches: [branch], End: true } })).toEqual([
      expect.stringContaining(`differs: the state Inner calls ${resource}, which is not emulated`),
    ]);
  },
);

it("a definition that AWS refuses is told of first", () => {
  expect(findings({ Only: { ...task("arn:aws:states:::http:invoke"), Next: "Only" } })).toEqual([
    expect.stringMatching(/^breaks: The definition of Machine is not valid/),
  ]);
});
