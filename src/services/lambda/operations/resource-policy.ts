/**
 * The resource policy of a function as one document: the same that AddPermission builds statement by statement.
 * Lambda API reference, "PutResourcePolicy" (July 2026).
 */
import { isJsonObject, jsonObjectIn, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { statementsOf } from "../../kit/policy.js";
import { checkRevision, type Answer, type Call, type Route } from "../context.js";
import { LATEST } from "../directory.js";
import { functionNotFound, invalidParameter, resourceNotFound } from "../errors.js";
import { parseFunctionName } from "../function-name.js";
import type { FunctionRecord, PolicyRecord } from "../records.js";
import { checkPolicySize, policyText } from "./permissions.js";

const PATH = "/2026-07-09/resource-policy/{ResourceArn}";

export const RESOURCE_POLICY_ROUTES: readonly Route[] = [
  { method: "GET", path: PATH, name: "GetResourcePolicy", run: get },
  { method: "PUT", path: PATH, name: "PutResourcePolicy", run: put },
  { method: "DELETE", path: PATH, name: "DeleteResourcePolicy", run: remove },
];

interface Place {
  readonly record: FunctionRecord;
  readonly name: string;
  readonly part: string;
  readonly policy: PolicyRecord | undefined;
}

function placeOf({ context, path }: Call): Place {
  const arn = path["ResourceArn"] ?? "";
  if (!arn.includes(":function:")) throw invalidParameter(`Policies of ${arn} are not emulated by lambda-run.`);
  const { name, qualifier = LATEST } = parseFunctionName(arn, undefined, context.realm);
  const record = context.directory.latest(name);
  if (record === undefined || context.directory.resolve(name, qualifier) === undefined) throw functionNotFound(arn);
  return { record, name, part: qualifier, policy: context.rows.get("policy", name, qualifier) };
}

function requirePolicy(call: Call): Place & { readonly policy: PolicyRecord } {
  const { policy, ...place } = placeOf(call);
  if (policy === undefined) throw resourceNotFound("The resource you requested does not exist.");
  return { ...place, policy };
}

function get(call: Call): Answer {
  const { name, part, policy } = requirePolicy(call);
  return { body: { Policy: policyText(policy), RevisionId: call.context.directory.revisionOf(name, part) } };
}

async function put(call: Call): Promise<Answer> {
  const { context, input } = call;
  const { record, name, part } = placeOf(call);
  checkRevision(stringMember(input, "RevisionId"), context.directory.revisionOf(name, part), "GetResourcePolicy");
  const row = readPolicy(stringMember(input, "Policy") ?? "");
  checkPolicySize(row);
  await context.rows.put("policy", name, part, row, { durable: !record.fromTemplate });
  return { body: { Policy: policyText(row), RevisionId: await context.directory.revise(name, part) } };
}

/** Held to the form of a policy only: nothing here evaluates it. */
function readPolicy(text: string): PolicyRecord {
  const document = jsonObjectIn(text);
  const statements: readonly unknown[] = document === undefined ? [] : statementsOf(document);
  if (document === undefined || statements.length === 0 || !statements.every(isStatement))
    throw invalidParameter("The resource policy is not a policy document with statements.");
  const { Statement: _statements, ...frame } = document;
  return { statements, frame };
}

function isStatement(value: unknown): value is JsonObject {
  return (
    isJsonObject(value) &&
    (value["Effect"] === "Allow" || value["Effect"] === "Deny") &&
    value["Principal"] !== undefined &&
    value["Action"] !== undefined
  );
}

async function remove(call: Call): Promise<Answer> {
  const { directory, rows } = call.context;
  const { name, part } = requirePolicy(call);
  checkRevision(call.query.get("RevisionId") ?? undefined, directory.revisionOf(name, part), "GetResourcePolicy");
  await rows.remove("policy", name, part);
  await directory.revise(name, part);
  return { status: 204 };
}
