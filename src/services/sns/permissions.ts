/**
 * AddPermission and RemovePermission: short ways to write a statement of the topic's policy.
 * https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html
 */
import { jsonObjectIn } from "../kit/json-input.js";
import { statementFor, statementsOf, type Permission } from "../kit/policy.js";
import { snsError } from "./errors.js";

/** The policy with one statement more, as JSON text. */
export function addStatement(policyText: string, topicArn: string, permission: Permission): string {
  const { label, accountIds, actions } = permission;
  const policy = jsonObjectIn(policyText) ?? {};
  const statements = statementsOf(policy);
  if (label === "") throw snsError.invalidParameter("Label");
  if (accountIds.length === 0) throw snsError.invalidParameter("AWSAccountId");
  if (actions.length === 0) throw snsError.invalidParameter("ActionName");
  if (statements.some((one) => one?.Sid === label)) throw snsError.invalidParameter("Statement already exists");
  return JSON.stringify({ ...policy, Statement: [...statements, statementFor(permission, "SNS", topicArn)] });
}

/** The policy without the statements of that label. */
export function removeStatement(policyText: string, label: string): string {
  const policy = jsonObjectIn(policyText) ?? {};
  return JSON.stringify({ ...policy, Statement: statementsOf(policy).filter((one) => one?.Sid !== label) });
}
