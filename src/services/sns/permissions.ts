/**
 * AddPermission and RemovePermission: short ways to write a statement of the topic's policy.
 * https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html
 */
import { snsError } from "./errors.js";
import { parsed } from "./filter-policy.js";

export interface Permission {
  readonly label: string;
  readonly accountIds: readonly string[];
  readonly actions: readonly string[];
}

interface Policy {
  /** Whatever SetTopicAttributes was given. */
  readonly Statement: readonly ({ readonly Sid?: unknown } | null)[];
}

/** The policy with one statement more, as JSON text. */
export function addStatement(policyText: string, topicArn: string, { label, accountIds, actions }: Permission): string {
  const policy = policyOf(policyText);
  if (label === "") throw snsError.invalidParameter("Label");
  if (accountIds.length === 0) throw snsError.invalidParameter("AWSAccountId");
  if (actions.length === 0) throw snsError.invalidParameter("ActionName");
  if (policy.Statement.some((one) => one?.Sid === label)) throw snsError.invalidParameter("Statement already exists");
  const statement = {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: oneOrMany(accountIds.map((accountId) => `arn:aws:iam::${accountId}:root`)) },
    Action: oneOrMany(actions.map((action) => `SNS:${action}`)),
    Resource: topicArn,
  };
  return JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] });
}

/** The policy without the statements of that label. */
export function removeStatement(policyText: string, label: string): string {
  const policy = policyOf(policyText);
  return JSON.stringify({ ...policy, Statement: policy.Statement.filter((one) => one?.Sid !== label) });
}

function policyOf(text: string): Policy {
  const policy = parsed(text) ?? {};
  const statements = policy["Statement"] ?? [];
  return { ...policy, Statement: (Array.isArray(statements) ? statements : [statements]) as Policy["Statement"] };
}

function oneOrMany(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] ?? "") : values;
}
