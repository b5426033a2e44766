/**
 * AddPermission and RemovePermission: short ways to write a statement of the queue's policy.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
 */
import { jsonObjectIn } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { statementFor, statementsOf, type Permission } from "../kit/policy.js";
import { sqsError } from "./errors.js";
import { SQS } from "./limits.js";

const ACTIONS = new Set([
  "*",
  "SendMessage",
  "ReceiveMessage",
  "DeleteMessage",
  "ChangeMessageVisibility",
  "GetQueueAttributes",
  "GetQueueUrl",
  "ListDeadLetterSourceQueues",
  "PurgeQueue",
]);
const LABEL = /^[A-Za-z0-9_-]{1,80}$/;

/** The policy with one statement more, as JSON text. */
export function addStatement(policyText: string | undefined, queueArn: string, permission: Permission): string {
  const { label, accountIds, actions } = permission;
  if (!LABEL.test(label))
    throw sqsError.invalidValue(
      label,
      "Label",
      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.",
    );
  if (accountIds.length === 0)
    throw sqsError.invalidParameter("Value [] for parameter PrincipalId is invalid. Reason: Unable to verify.");
  if (actions.length === 0) throw sqsError.missingParameter("Actions");
  if (actions.length > SQS.permissionActions) {
    throw sqsError.overLimit(`${actions.length} Actions were found, maximum allowed is ${SQS.permissionActions}.`);
  }
  const wrongAction = actions.find((action) => !ACTIONS.has(action));
  if (wrongAction !== undefined) {
    throw sqsError.invalidValue(
      `SQS:${wrongAction}`,
      "ActionName",
      "Please refer to the appropriate WSDL for a list of valid actions. ",
    );
  }
  const wrongAccount = accountIds.find((accountId) => !/^\d{12}$/.test(accountId));
  if (wrongAccount !== undefined) throw sqsError.invalidValue(`[${wrongAccount}]`, "PrincipalId", "Unable to verify.");
  const policy = policyOf(policyText, queueArn);
  const statements = statementsOf(policy);
  if (statements.some((one) => one?.Sid === label)) throw sqsError.invalidValue(label, "Label", "Already exists.");
  return JSON.stringify({ ...policy, Statement: [...statements, statementFor(permission, "SQS", queueArn)] });
}

/** The policy without the statement of that label; `""` when none is left. */
export function removeStatement(policyText: string | undefined, label: string): string {
  const policy = policyOf(policyText, "");
  const statements = statementsOf(policy);
  const rest = statements.filter((one) => one?.Sid !== label);
  if (rest.length === statements.length) throw sqsError.invalidValue(label, "Label", "can't find label.");
  return rest.length === 0 ? "" : JSON.stringify({ ...policy, Statement: rest });
}

const policyOf = (text: string | undefined, queueArn: string): JsonObject =>
  (text === undefined ? undefined : jsonObjectIn(text)) ?? {
    Version: "2008-10-17",
    Id: `${queueArn}/SQSDefaultPolicy`,
  };
