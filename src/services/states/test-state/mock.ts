/**
 * Mocks: what may be mocked, what has to be, and what a mock can be. Sentences are AWS's own, recorded, where the comment
 * beside them does not say otherwise.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html
 */
import type { Json } from "../../../config/json.js";
import { AwsError } from "../../kit/aws-error.js";
import { StateFailure } from "../interpreter/states-error.js";
import { resourceIn } from "../validation/resources.js";
import { modelOf } from "./api-models.js";
import { checkAgainstModel } from "./mock-schema.js";
import type { Mock, TestStateRequest } from "./request.js";
import { refused } from "./request.js";
import type { Subject } from "./subject.js";
import { findInside } from "./subject.js";

const MOCKED: ReadonlySet<string> = new Set(["Task", "Map", "Parallel"]);
const SUPPORTED = "Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]";

/** What a mocked state works out to. */
export type Outcome =
  | { readonly kind: "result"; readonly result: Json }
  | { readonly kind: "failure"; readonly error: string | undefined; readonly cause: string | undefined };

/** The result, or the failure thrown. */
export function settle(outcome: Outcome): Json {
  if (outcome.kind === "failure") {
    throw new StateFailure(outcome.error, outcome.cause);
  }
  return outcome.result;
}

/** Refuses what cannot be tested as it is asked; answers with what stands in for the work, if anything does. */
export async function outcomeOf(request: TestStateRequest, subject: Subject): Promise<Outcome | undefined> {
  if (request.mock === undefined) {
    checkUnmocked(request, subject);
    return undefined;
  }
  return mockedOutcome(request.mock, request, subject);
}

function checkUnmocked({ roleArn, context, configuration }: TestStateRequest, { state }: Subject): void {
  if (state.Type === "Map" || state.Type === "Parallel") {
    throw new AwsError("InvalidDefinition", `TestState API does not support Map or Parallel states. ${SUPPORTED}`);
  }
  if (state.Type === "Task") {
    checkUnmockedTask(state["Resource"]);
    if (roleArn === undefined) {
      throw refused("RoleArn must be specified when testing a Task state");
    }
  }
  // That both go with a mock alone is known; the sentences are ours.
  if (context !== undefined) {
    throw refused("TestState does not support Context when no mock is specified.");
  }
  if (configuration.mapIterationFailureCount !== undefined) {
    throw refused("TestState does not support MapIterationFailureCount when no mock is specified.");
  }
}

/** Nobody would end such a task. Documented; the sentence is worded after the one about Map and Parallel. */
function checkUnmockedTask(resource: Json | undefined): void {
  const named = resourceIn(resource);
  if (named?.kind === "activity" || (named?.kind === "service" && named.pattern !== "request-response")) {
    throw new AwsError(
      "InvalidDefinition",
      "TestState API does not support Activity tasks or the .sync and .waitForTaskToken service integration patterns without a mock",
    );
  }
}

async function mockedOutcome(mock: Mock, request: TestStateRequest, subject: Subject): Promise<Outcome> {
  const { state } = subject;
  if (!MOCKED.has(state.Type)) {
    throw refused(`State type '${state.Type}' is not supported when a mock is specified`);
  }
  if (request.revealSecrets) {
    throw refused("TestState does not support RevealSecrets when a mock is specified.");
  }
  if ((mock.result === undefined) === (mock.errorOutput === undefined)) {
    throw refused("A test mock should have only one of the following fields: [result, errorOutput].");
  }
  if (mock.errorOutput !== undefined) {
    if (mock.errorOutput.error === undefined) {
      // Documented of the member; the sentence is ours.
      throw refused("Mocked error output must have the field 'error'");
    }
    checkOrigin(request.configuration.errorCausedByState, subject);
    return { kind: "failure", ...mock.errorOutput };
  }
  return { kind: "result", result: await readResult(mock, subject) };
}

/** The state that an error comes from stands inside the Map or Parallel state. The sentence is ours. */
function checkOrigin(name: string | undefined, { state }: Subject): void {
  if (name === undefined || state.Type === "Task") {
    return;
  }
  if (findInside(state, name) === undefined) {
    throw refused(`State '${name}' was not found in the states of the tested state`);
  }
}

async function readResult({ result: text = "", mode }: Mock, { state }: Subject): Promise<Json> {
  let result: Json;
  try {
    result = JSON.parse(text) as Json;
  } catch {
    throw refused("Mocked result must be valid JSON");
  }
  if (state.Type !== "Task") {
    const writes = state.Type === "Map" && state["ResultWriter"] !== undefined;
    checkChildren(result, writes);
    return result;
  }
  const model = await modelOf(state["Resource"]);
  if (model !== undefined) {
    checkAgainstModel(result, model, mode);
  }
  return result;
}

/**
 * Branches and iterations give a list; a ResultWriter says where it has written it. The sentence about lists is worded after
 * the other.
 */
function checkChildren(result: Json, writes: boolean): void {
  if (writes && (typeof result !== "object" || result === null || Array.isArray(result))) {
    throw refused("Mocked result must be a JSON object.");
  }
  if (!writes && !Array.isArray(result)) {
    throw refused("Mocked result must be an array.");
  }
}
