/**
 * `arn:aws:states:::events:putEvents`. The execution and its machine are added to the resources of each event, and one entry
 * that is refused fails the task. https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
 * The result is the API's answer alone, as recorded on AWS (2025).
 */
import type { Json, JsonObject } from "../../config/json.js";
import { isJsonObject, listOf } from "../../config/json.js";
import { StatesError } from "../../services/states/interpreter/states-error.js";
import { optimised } from "./failures.js";
import { fieldFaults, type Integration } from "./integration.js";
import type { ServiceClient } from "./service-call.js";

const NAMES = {
  prefix: "EventBridge",
  service: "AmazonEventBridge",
  baseException: "AmazonEventBridgeException",
} as const;

const FIELDS = ["Entries"];

export function eventsIntegration(client: () => Promise<ServiceClient>): Integration {
  return {
    faults: (parameters) => fieldFaults(FIELDS, FIELDS, parameters),
    request: (parameters, executionArn, signal) =>
      optimised(NAMES, async () => {
        const Entries = entriesOf(parameters, [executionArn, machineOf(executionArn)]);
        const { output } = await (await client()).call("PutEvents", { Entries }, signal, "api");
        if (output["FailedEntryCount"] === 0) return output;
        throw new StatesError("EventBridge.FailedEntry", JSON.stringify(output));
      }),
  };
}

function entriesOf(parameters: JsonObject, resources: readonly string[]): readonly Json[] {
  return listOf(parameters["Entries"]).map((entry) => {
    if (!isJsonObject(entry)) return entry;
    const { Resources: given, ...rest } = entry;
    return { Resources: [...listOf(given), ...resources], ...rest };
  });
}

/** `...:execution:NAME:ID` and `...:express:NAME:ID:RUN` belong to `...:stateMachine:NAME`. */
function machineOf(executionArn: string): string {
  const [arn = "", partition = "", service = "", region = "", account = "", , name = ""] = executionArn.split(":");
  return [arn, partition, service, region, account, "stateMachine", name].join(":");
}
