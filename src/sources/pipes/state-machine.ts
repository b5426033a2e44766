/** State machines as enrichments and targets. */
import { AwsError } from "../../services/kit/aws-error.js";
import { BatchFailed, PipeMustStop } from "./failures.js";
import type { PipeServices } from "./services.js";

/** The output of an execution that has succeeded. */
export async function runMachine(arn: string, input: string, services: PipeServices, as: string): Promise<string> {
  let ended: Awaited<ReturnType<PipeServices["runExecution"]>>;
  try {
    ended = await services.runExecution(arn, input);
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== "StateMachineTypeNotSupported") throw error;
    // "A pipe may be automatically stopped": the page on errors gives this for a reason.
    throw new PipeMustStop(
      `A Step Functions standard workflow is configured as ${as} to be invoked synchronously: ${arn}`,
    );
  }
  if (ended.status === "SUCCEEDED") return ended.output ?? "{}";
  throw new BatchFailed(`${ended.status}: ${[ended.error, ended.cause].filter((one) => one !== undefined).join(", ")}`);
}
