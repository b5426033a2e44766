/**
 * Statements of a resource policy as AddPermission and RemovePermission of SQS and SNS write them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
 */
import type { JsonObject } from "./json-protocol.js";

export interface Permission {
  readonly label: string;
  readonly accountIds: readonly string[];
  readonly actions: readonly string[];
}

/** Whatever a client has set as a policy. */
export type Statement = { readonly Sid?: unknown } | null;

/** One or many may be written. */
export function statementsOf({ Statement = [] }: JsonObject): readonly Statement[] {
  return (Array.isArray(Statement) ? Statement : [Statement]) as readonly Statement[];
}

/** `service` stands before each action: `SQS`, `SNS`. */
export function statementFor({ label, accountIds, actions }: Permission, service: string, resource: string): Statement {
  return {
    Sid: label,
    Effect: "Allow",
    Principal: { AWS: oneOrMany(accountIds.map((accountId) => `arn:aws:iam::${accountId}:root`)) },
    Action: oneOrMany(actions.map((action) => `${service}:${action}`)),
    Resource: resource,
  } as Statement;
}

function oneOrMany(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? (values[0] ?? "") : values;
}
