/** What the tests of durable functions share: a project whose handlers use AWS's own SDK for durable execution, unmodified. */
import { mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { createStack, type CreateStackOptions, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";

/** A function of the template, durable unless said otherwise. AWS runs these on Node 22 and newer. */
export const fn = (name: string, { durable = "ExecutionTimeout: 900", more = "" } = {}): string => `
  ${name}:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: ${name.toLowerCase()}
      Runtime: nodejs24.x
      Handler: ${name.toLowerCase()}.handler
      CodeUri: src
      Timeout: 20
${durable === "" ? "" : `      DurableConfig: { ${durable} }\n`}${more}`;

export const template = (...resources: readonly string[]): string =>
  `Transform: AWS::Serverless-2016-10-31\nResources:${resources.join("")}`;

/** \`body\` is that of the handler: \`event\` and \`context\` are there, and the SDK as \`sdk\`. */
export const handler = (body: string): string => `
const sdk = require("@aws/durable-execution-sdk-js");
exports.handler = sdk.withDurableExecution(async (event, context) => {
${body}
});
`;

export function durableProject(files: Readonly<Record<string, string>>): ProjectFolder {
  const project = new ProjectFolder({
    "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 } }),
    ...files,
  });
  const scope = join(project.folder, "node_modules", "@aws");
  mkdirSync(scope, { recursive: true });
  const sdk = dirname(dirname(require.resolve("@aws/durable-execution-sdk-js")));
  symlinkSync(sdk, join(scope, "durable-execution-sdk-js"));
  return project;
}

/** A cold start on a busy machine takes longer than what `waitFor` waits by itself. */
export const PATIENT = { timeoutMs: 45_000 };

export interface DurableWorld {
  readonly stack: TestStack;
  readonly client: LambdaClient;
  readonly notices: readonly string[];
  close(): Promise<void>;
}

export async function startWorld(project: ProjectFolder, options: CreateStackOptions = {}): Promise<DurableWorld> {
  const notices: string[] = [];
  const stack = await createStack({
    folder: project.folder,
    clock: "virtual",
    onNotice: (text) => notices.push(text),
    ...options,
  });
  const client = new LambdaClient(stack.clientConfig);
  return {
    stack,
    client,
    notices,
    close: async () => {
      client.destroy();
      await stack.close();
    },
  };
}
