/**
 * Rotation: four invocations of the rotation function around a version labelled AWSPENDING.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 */
import type { Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { booleanMember, numberMember, objectMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { FunctionCaller } from "../service.js";
import { cannotInvokeRotation, invalidParameter, invalidRequest, notEmulated } from "./errors.js";
import { requestTokenOf, secretIdOf } from "./input.js";
import { attachStages, detachStage, PENDING, versionWithStage, type SecretRow, type SecretStore } from "./store.js";
import { requireActive } from "./versions.js";

const STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"] as const;
const DAY_MS = 86_400_000;
const MAX_ROTATION_DAYS = 1000;

export interface RotationContext {
  readonly store: SecretStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Without it RotateSecret is refused by name. */
  readonly functions: FunctionCaller | undefined;
}

export async function rotateSecret(context: RotationContext, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  const token = requestTokenOf(input);
  const givenArn = stringMember(input, "RotationLambdaARN");
  const rules = objectMember(input, "RotationRules");
  const violations = new Violations();
  violations.length(givenArn, "rotationLambdaARN", 0, 2048);
  violations.check();
  checkRules(rules);
  const found = requireActive(context.store, secretId);
  const functionArn = givenArn ?? found.rotation?.functionArn;
  if (functionArn === undefined || functionArn === "") {
    throw invalidRequest("No Lambda rotation function ARN is associated with this secret.");
  }
  const { functions } = context;
  if (functions === undefined) throw notEmulated("RotateSecret");
  if (!functions.exists(functionArn)) throw cannotInvokeRotation();

  const immediately = booleanMember(input, "RotateImmediately") ?? true;
  const row = await context.store.write(() => {
    const current = requireActive(context.store, secretId);
    const pending = versionWithStage(current, PENDING);
    if (immediately && pending !== undefined && pending.id !== token && pending.stages.length === 1) {
      throw invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");
    }
    const newRules = rules ?? current.rotation?.rules;
    const rotation = {
      ...current.rotation,
      enabled: true,
      functionArn,
      ...(newRules === undefined ? {} : { rules: newRules }),
    };
    const configured = { ...current, rotation };
    return context.store.put(immediately ? announceVersion(configured, token, context.clock.now()) : configured);
  });
  if (immediately) void runSteps(context, functions, row, functionArn, token);
  return { ARN: row.arn, Name: row.name, ...(immediately ? { VersionId: token } : {}) };
}

/** The version that the function will fill exists before it is called: it checks that its token is known. */
function announceVersion(row: SecretRow, token: string, nowMs: number): SecretRow {
  if (row.versions.some(({ id }) => id === token)) return row;
  const versions = [...row.versions, { id: token, createdMs: nowMs, stages: [], hasValue: false }];
  return attachStages({ ...row, versions }, token, [PENDING]);
}

async function runSteps(
  context: RotationContext,
  functions: FunctionCaller,
  row: SecretRow,
  functionArn: string,
  token: string,
): Promise<void> {
  for (const step of STEPS) {
    try {
      await functions.call(functionArn, { Step: step, SecretId: row.arn, ClientRequestToken: token });
    } catch (error) {
      // AWS leaves AWSPENDING in place and tries again later; here the next RotateSecret does.
      context.log.warn({ secret: row.name, step, reason: messageOf(error) }, "rotation of a secret failed");
      return;
    }
  }
  await context.store.write(() => {
    const current = context.store.find(row.arn);
    if (current?.rotation === undefined) return;
    const lastRotatedMs = context.clock.now();
    const settled = { ...current, rotation: { ...current.rotation, lastRotatedMs }, changedMs: lastRotatedMs };
    const isCurrent = versionWithStage(current, "AWSCURRENT")?.id === token;
    context.store.put(isCurrent ? detachStage(settled, token, PENDING) : settled);
  });
}

export function cancelRotateSecret(store: SecretStore, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  return store.write(() => {
    const row = requireActive(store, secretId);
    const pending = versionWithStage(row, PENDING);
    if (row.rotation !== undefined) store.put({ ...row, rotation: { ...row.rotation, enabled: false } });
    return { ARN: row.arn, Name: row.name, ...(pending === undefined ? {} : { VersionId: pending.id }) };
  });
}

function checkRules(rules: JsonObject | undefined): void {
  if (rules === undefined) return;
  const days = numberMember(rules, "AutomaticallyAfterDays");
  const schedule = stringMember(rules, "ScheduleExpression");
  const violations = new Violations();
  violations.range(days, "rotationRules.automaticallyAfterDays", 1, MAX_ROTATION_DAYS);
  violations.check();
  if (days !== undefined && schedule !== undefined) {
    throw invalidParameter("You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules.");
  }
}

/** Members of DescribeSecret and ListSecrets that tell of rotation. */
export function describeRotation(row: SecretRow): JsonObject {
  const { rotation } = row;
  if (rotation === undefined) return {};
  const days = rotation.rules?.["AutomaticallyAfterDays"];
  const next =
    rotation.enabled && typeof days === "number" && rotation.lastRotatedMs !== undefined
      ? Math.floor(rotation.lastRotatedMs / DAY_MS) * DAY_MS + (days + 1) * DAY_MS - 1000
      : undefined;
  return {
    RotationEnabled: rotation.enabled,
    ...(rotation.functionArn === undefined ? {} : { RotationLambdaARN: rotation.functionArn }),
    ...(rotation.rules === undefined ? {} : { RotationRules: rotation.rules }),
    ...(rotation.lastRotatedMs === undefined ? {} : { LastRotatedDate: rotation.lastRotatedMs / 1000 }),
    ...(next === undefined ? {} : { NextRotationDate: next / 1000 }),
  };
}
