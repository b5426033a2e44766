/** Changes a function of a running stack; its next call begins in a new environment. */
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import type { TestStack } from "../../src/index.js";

export interface Configuration {
  readonly timeoutSeconds?: number;
  /** Beside those that it has. */
  readonly variables?: Readonly<Record<string, string>>;
}

export async function configure(
  { clientConfig }: TestStack,
  functionName: string,
  { timeoutSeconds, variables = {} }: Configuration,
): Promise<void> {
  const lambda = new LambdaClient(clientConfig);
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: functionName }));
  await lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName: functionName,
      ...(timeoutSeconds === undefined ? {} : { Timeout: timeoutSeconds }),
      Environment: { Variables: { ...Environment?.Variables, ...variables } },
    }),
  );
  lambda.destroy();
}
