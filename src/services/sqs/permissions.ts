/**
 * AddPermission and RemovePermission: short ways to write a statement of the queue's policy.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_AddPermission.html
 */
import { sqsError } from "./errors.js";
import { SQS } from "./limits.js";
import { jsonMap } from "./redrive-policy.js";

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

export interface Permission {
  readonly label: string;
  readonly accountIds: readonly string[];
  readonly actions: readonly string[];
}

interface Statement {
  readonly Sid?: unknown;
}

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
  if (policy.Statement.some(({ Sid }) => Sid === label)) throw sqsError.invalidValue(label, "Label", "Already exists.");
  const statement = {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: oneOrMany(accountIds.map((accountId) => `arn:aws:iam::${accountId}:root`)) },
    Action: oneOrMany(actions.map((action) => `SQS:${action}`)),
    Resource: queueArn,
  };
  return JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] });
}

/** The policy without the statement of that label; `""` when none is left. */
export function removeStatement(policyText: string | undefined, label: string): string {
  const policy = policyOf(policyText, "");
  const rest = policy.Statement.filter(({ Sid }) => Sid !== label);
  if (rest.length === policy.Statement.length) throw sqsError.invalidValue(label, "Label", "can't find label.");
  return rest.length === 0 ? "" : JSON.stringify({ ...policy, Statement: rest });
}

function policyOf(text: string | undefined, queueArn: string): { readonly Statement: readonly Statement[] } {
  const policy = text === undefined ? undefined : jsonMap(text);
  if (policy === undefined)
    return { Version: "2008-10-17", Id: `${queueArn}/SQSDefaultPolicy`, Statement: [] } as { Statement: Statement[] };
  const statements = policy["Statement"];
  return { ...policy, Statement: (Array.isArray(statements) ? statements : [statements]) as Statement[] };
}

function oneOrMany(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] ?? "") : values;
}
