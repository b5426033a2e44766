/** Functions that are each other's destination go round for ever, and are stopped as any other chain. */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { createStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { PATIENT } from "../../until.js";

const ROUNDS = 16;
const ARN = "arn:aws:lambda:us-east-1:000000000000:function";
const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs20.x, CodeUri: code/, Handler: index.handler } }
Resources:
  Ping:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: ping
      EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: Lambda, Destination: "${ARN}:pong" } } }
  Pong:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: pong
      EventInvokeConfig: { DestinationConfig: { OnSuccess: { Type: Lambda, Destination: "${ARN}:ping" } } }
`;

test("a chain of destinations is stopped after sixteen rounds", async () => {
  const project = new ProjectFolder({
    "template.yaml": TEMPLATE,
    "code/index.js": "exports.handler = async () => 'next';",
  });
  const stack = await createStack({ folder: project.folder });
  const lambda = new LambdaClient(stack.clientConfig);
  const runsOf = (name: string): number =>
    stack.invocations().filter(({ functionName }) => functionName === name).length;
  try {
    await lambda.send(new InvokeCommand({ FunctionName: "ping", InvocationType: "Event" }));
    await stack.waitFor(() => runsOf("pong") === ROUNDS, PATIENT);
    await stack.stack.activity.quiet();
    expect([runsOf("ping"), runsOf("pong")]).toEqual([ROUNDS, ROUNDS]);
  } finally {
    lambda.destroy();
    await stack.close();
    project.remove();
  }
});
