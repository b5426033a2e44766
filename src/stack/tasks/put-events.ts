/**
 * `arn:aws:states:::events:putEvents`. The execution and its machine are added to the resources of each event, and one entry
 * that is refused fails the task. https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html
 * The result is the API's answer alone, as recorded on AWS (2025).
 */
import type { Json, JsonObject } from "../../config/json.js";
import { isJsonObject, listOf } from "../../config/json.js";
import { StatesError } from "../../services/states/interpreter/states-error.js";
import type { ServiceClient } from "./service-call.js";

export const EVENTS_NAMES = {
  prefix: "EventBridge",
  service: "AmazonEventBridge",
  baseException: "AmazonEventBridgeException",
} as const;

export const EVENTS_FIELDS = ["Entries"];

export async function putEvents(
  client: ServiceClient,
  parameters: JsonObject,
  executionArn: string,
  signal: AbortSignal,
): Promise<JsonObject> {
  const own = [executionArn, machineOf(executionArn)];
  const entries = listOf(parameters["Entries"]).map((entry): Json =>
    isJsonObject(entry) ? { ...entry, Resources: [...listOf(entry["Resources"]), ...own] } : entry,
  );
  const { output } = await client.call("PutEvents", { Entries: entries }, signal);
  if (output["FailedEntryCount"] === 0) return output;
  throw new StatesError("EventBridge.FailedEntry", JSON.stringify(output));
}

/** `...:execution:NAME:ID` and `...:express:NAME:ID:RUN` belong to `...:stateMachine:NAME`. */
function machineOf(executionArn: string): string {
  const [arn = "", partition = "", service = "", region = "", account = "", , name = ""] = executionArn.split(":");
  return [arn, partition, service, region, account, "stateMachine", name].join(":");
}
