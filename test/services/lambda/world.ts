/** What the tests of the Lambda API share: a stack with a client for each file, functions to make and call, refusals to look at. */
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  type CreateFunctionCommandInput,
} from "@aws-sdk/client-lambda";
import { createStack, type TestStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { zip } from "./zip.js";

export const ROLE = "arn:aws:iam::000000000000:role/test";
export const QUEUE = "arn:aws:sqs:us-east-1:000000000000:work";

/** Answers with what it got and what it is. */
export const ECHO =
  "exports.handler = async (event, context) => ({ event, arn: context.invokedFunctionArn, version: context.functionVersion, env: process.env.STAGE });";
export const ONE = zip({ "index.js": "exports.handler = async () => 1;" });

/** Functions of a template beside those that the API makes, with versions, aliases and a URL, and a queue. */
export const DECLARED = {
  "template.yaml": `
Transform: AWS::Serverless-2016-10-31
Resources:
  Declared:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: declared, Runtime: nodejs20.x, Handler: index.handler, CodeUri: code/, AutoPublishAlias: live, RecursiveLoop: ALLOW, FunctionUrlConfig: { AuthType: NONE } }
  Raw: { Type: AWS::Lambda::Function, Properties: { FunctionName: raw, Runtime: nodejs20.x, Handler: index.handler, Role: r, Code: code/ } }
  First: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref Raw } }
  Stable: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !GetAtt Raw.Arn, Name: stable, FunctionVersion: !GetAtt First.Version } }
  Canary: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !Ref Raw, Name: canary, FunctionVersion: "1", Description: some, RoutingConfig: { AdditionalVersionWeights: [{ FunctionVersion: "4", FunctionWeight: 0.2 }] } } }
  Work: { Type: AWS::SQS::Queue, Properties: { QueueName: work, VisibilityTimeout: 30 } }
`,
  "code/index.js": ECHO,
};

const closers: (() => Promise<void> | void)[] = [];
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A stack of these files, and a client of its Lambda API; both are gone when the tests of the file are through. */
export async function startLambda(
  files: Readonly<Record<string, string>> = { "template.yaml": "Resources: {}" },
): Promise<{ readonly stack: TestStack; readonly client: LambdaClient }> {
  const project = new ProjectFolder(files);
  closers.push(() => project.remove());
  const stack = await createStack({ folder: project.folder });
  closers.push(() => stack.close());
  const client = new LambdaClient(stack.clientConfig);
  closers.push(() => client.destroy());
  return { stack, client };
}

export const arnOf = (name: string, qualifier = ""): string =>
  `arn:aws:lambda:us-east-1:000000000000:function:${name}${qualifier && `:${qualifier}`}`;

/** What CreateFunction takes, unless something of it is to be otherwise. */
export const functionInput = (FunctionName: string, change: object = {}): CreateFunctionCommandInput => ({
  FunctionName,
  Role: ROLE,
  Runtime: "nodejs20.x",
  Handler: "index.handler",
  Code: { ZipFile: ONE },
  ...change,
});

let names = 0;

/** Makes a function of this code, and gives its name. */
export async function makeFunction(
  client: LambdaClient,
  code = ECHO,
  change: Partial<CreateFunctionCommandInput> = {},
): Promise<string> {
  names += 1;
  const name = `made-${names}`;
  const ZipFile = zip({ "index.js": code });
  await client.send(new CreateFunctionCommand(functionInput(name, { Code: { ZipFile }, ...change })));
  return name;
}

/** The answer of a call, parsed. */
export async function callFunction(
  client: LambdaClient,
  FunctionName: string,
  event: unknown = {},
  Qualifier?: string,
): Promise<Record<string, unknown>> {
  const { Payload } = await client.send(
    new InvokeCommand({
      FunctionName,
      Payload: JSON.stringify(event),
      ...(Qualifier === undefined ? {} : { Qualifier }),
    }),
  );
  return JSON.parse(Buffer.from(Payload ?? []).toString()) as Record<string, unknown>;
}

export interface Refusal {
  readonly name: string;
  readonly message: string;
  readonly Type?: string;
}

/** What a command is refused with; fails when it is taken. */
export async function refusalOf(client: LambdaClient, command: unknown): Promise<Refusal> {
  try {
    await client.send(command as Parameters<LambdaClient["send"]>[0]);
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was taken");
}
