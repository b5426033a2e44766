/**
 * Activities, their workers, and the answers by task token.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
 */
import type { Json } from "../../../config/json.js";
import { disconnectSignal } from "../../kit/disconnect-signal.js";
import { stringMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { Operations, StatesContext } from "../context.js";
import { statesError } from "../errors.js";
import { activityArn, checkName, parseStatesArn } from "../executions/names.js";
import { documentIn, MAX_DOCUMENT_BYTES } from "../executions/documents.js";
import { seconds } from "../executions/views.js";
import { encryptionMember, OWN_KEY, shownEncryption } from "../machines/configurations.js";
import type { ActivityRow, EncryptionConfiguration, Tags } from "../rows.js";
import type { RunContext } from "../run-context.js";
import { behind, checkTagCount, nameMember, pageMember, pageOf, requiredArn, tagsMember } from "./input.js";

const MAX_TOKEN_LENGTH = 2048;
const MAX_ERROR_LENGTH = 256;
const MAX_CAUSE_LENGTH = 32_768;
const MAX_WORKER_LENGTH = 80;

export function activityOperations(context: StatesContext): Operations {
  const { store, realm, activities } = context;
  return {
    CreateActivity: (input) => create(context, input),
    DescribeActivity: (input) => {
      const activity = requireActivity(context, requiredArn(input, "activityArn"));
      return { ...listed(context, activity), encryptionConfiguration: shownEncryption(activity.encryption) };
    },
    ListActivities: (input) => {
      const violations = new Violations();
      const page = pageMember(input, violations);
      violations.check();
      const keyOf = ({ name }: ActivityRow): string => name;
      const { items, more } = pageOf(behind([...store.activities()], page.after, keyOf), page.size, keyOf);
      return { activities: items.map((activity) => listed(context, activity)), ...more };
    },
    DeleteActivity: async (input) => {
      const { rest } = parseStatesArn(requiredArn(input, "activityArn"), realm, ["activity"]);
      await store.write(() => store.removeActivity(rest));
      return {};
    },
    GetActivityTask: async (input, request) => {
      const arn = requiredArn(input, "activityArn");
      const workerName = stringMember(input, "workerName");
      const violations = new Violations();
      violations.length(workerName, "workerName", 1, MAX_WORKER_LENGTH);
      violations.check();
      requireActivity(context, arn);
      const task = await activities.poll(arn, workerName, disconnectSignal(context.responseOf(request)));
      return task === undefined ? {} : { taskToken: task.taskToken, input: task.input };
    },
    ...tokenOperations(context),
  };
}

function tokenOperations({ callbacks }: StatesContext): Operations {
  return {
    SendTaskSuccess: (input) => {
      const violations = new Violations();
      const token = tokenMember(input, violations);
      const output = stringMember(input, "output");
      if (output !== undefined && Buffer.byteLength(output) > MAX_DOCUMENT_BYTES)
        violations.addHidden("output", `Member must have length less than or equal to ${MAX_DOCUMENT_BYTES}`);
      violations.required(output, "output");
      violations.check();
      const document: Json = documentIn(output ?? "", statesError.invalidOutput, "Invalid output.");
      callbacks.succeed(token, document);
      return {};
    },
    SendTaskFailure: (input) => {
      const violations = new Violations();
      const token = tokenMember(input, violations);
      const failure = failureMembers(input, violations);
      violations.check();
      callbacks.fail(token, failure);
      return {};
    },
    SendTaskHeartbeat: (input) => {
      const violations = new Violations();
      const token = tokenMember(input, violations);
      violations.check();
      callbacks.heartbeat(token);
      return {};
    },
  };
}

/** `error` and `cause` as SendTaskFailure and StopExecution take them; their values are never repeated. */
export function failureMembers(
  input: JsonObject,
  violations: Violations,
): { readonly error: string | undefined; readonly cause: string | undefined } {
  const error = stringMember(input, "error");
  const cause = stringMember(input, "cause");
  for (const [name, value, max] of [
    ["error", error, MAX_ERROR_LENGTH],
    ["cause", cause, MAX_CAUSE_LENGTH],
  ] as const)
    if (value !== undefined && value.length > max)
      violations.addHidden(name, `Member must have length less than or equal to ${max}`);
  return { error, cause };
}

function tokenMember(input: JsonObject, violations: Violations): string {
  const token = stringMember(input, "taskToken");
  violations.required(token, "taskToken");
  violations.length(token, "taskToken", 1, MAX_TOKEN_LENGTH);
  return token ?? "";
}

function create(context: StatesContext, input: JsonObject): Promise<JsonObject> {
  const violations = new Violations();
  const name = nameMember(input, violations);
  violations.required(name, "name");
  violations.check();
  const encryption = encryptionMember(input) ?? OWN_KEY;
  const tags = tagsMember(input);
  return context.store.write(() => {
    const { createdMs } = ensureActivity(context, name ?? "", encryption, tags);
    return { activityArn: activityArn(context.realm, name ?? ""), creationDate: seconds(createdMs) };
  });
}

/** Making it again is no error; its tags stay what they were. Belongs into a transaction. */
export function ensureActivity(
  { store, clock, realm }: Pick<RunContext, "store" | "clock" | "realm">,
  name: string,
  encryption: EncryptionConfiguration = OWN_KEY,
  tags: Tags = {},
): ActivityRow {
  const arn = activityArn(realm, name);
  checkName(name);
  checkTagCount(tags, arn);
  const existing = store.activity(name);
  if (existing !== undefined && existing.encryption.type !== encryption.type) throw statesError.activityExists(arn);
  const activity = existing ?? { name, createdMs: clock.now(), encryption, tags };
  if (existing === undefined) store.putActivity(activity);
  return activity;
}

function requireActivity({ store, realm }: Pick<StatesContext, "store" | "realm">, arn: string): ActivityRow {
  const { rest, foreign } = parseStatesArn(arn, realm, ["activity"]);
  const activity = foreign ? undefined : store.activity(rest);
  if (activity === undefined) throw statesError.activityGone(arn);
  return activity;
}

const listed = ({ realm }: StatesContext, { name, createdMs }: ActivityRow): JsonObject => ({
  activityArn: activityArn(realm, name),
  name,
  creationDate: seconds(createdMs),
});
