/** Resource policies of functions: kept and shown; nothing here evaluates them. Lambda API reference, "AddPermission". */
import { AwsError } from "../../kit/aws-error.js";
import { defined } from "../../kit/defined.js";
import { booleanMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { checkRevision, functionArn, referenceOf, type Answer, type Call, type Route } from "../context.js";
import { LATEST } from "../directory.js";
import type { PolicyRecord } from "../records.js";
import { functionNotFound, invalidParameter, resourceNotFound, statementTaken } from "../errors.js";

const PATH = "/2015-03-31/functions/{FunctionName}/policy";
const MAX_POLICY_BYTES = 20_480;
const PRINCIPAL = /^(\*|\d{12}|arn:aws[a-z-]*:iam::.+|[a-z0-9.-]+\.(amazonaws\.com|amazon\.com))$/;

export const PERMISSION_ROUTES: readonly Route[] = [
  { method: "POST", path: PATH, name: "AddPermission", run: addPermission },
  { method: "GET", path: PATH, name: "GetPolicy", run: getPolicy },
  { method: "DELETE", path: `${PATH}/{StatementId}`, name: "RemovePermission", run: removePermission },
];

async function addPermission(call: Call): Promise<Answer> {
  const { context, input } = call;
  const id = stringMember(input, "StatementId");
  const principal = stringMember(input, "Principal");
  const { name, qualifier } = referenceOf(call);
  if (qualifier === LATEST) throw invalidParameter("We currently do not support adding policies for $LATEST.");
  if (!PRINCIPAL.test(principal ?? ""))
    throw invalidParameter("The provided principal was invalid. Please check the principal and try again.");
  const record = context.directory.latest(name);
  if (record === undefined) throw functionNotFound(functionArn(context, name));
  checkQualifier(call, name, qualifier);
  const part = qualifier ?? LATEST;
  const policy = context.rows.get("policy", name, part);
  checkRevision(stringMember(input, "RevisionId"), context.directory.revisionOf(name, part), "GetPolicy");
  if (policy?.statements.some((statement) => statement["Sid"] === id)) {
    throw statementTaken(id);
  }
  const statement = statementOf(input, functionArn(context, name, qualifier));
  const row = { ...policy, statements: [...(policy?.statements ?? []), statement] };
  checkPolicySize(row);
  await context.rows.put("policy", name, part, row, { durable: !record.fromTemplate });
  await context.directory.revise(name, part);
  return { status: 201, body: { Statement: JSON.stringify(statement) } };
}

export function checkPolicySize(policy: PolicyRecord): void {
  const size = Buffer.byteLength(policyText(policy));
  if (size <= MAX_POLICY_BYTES) return;
  const text = `The final policy size (${size}) is bigger than the limit (${MAX_POLICY_BYTES}).`;
  throw new AwsError("PolicyLengthExceededException", text, { members: { Type: "User" } });
}

const FRAME: JsonObject = { Version: "2012-10-17", Id: "default" };

export const policyText = ({ statements, frame = FRAME }: PolicyRecord): string =>
  JSON.stringify({ ...frame, Statement: statements });

function checkQualifier({ context }: Call, name: string, qualifier: string | undefined): void {
  if (qualifier === undefined || context.directory.resolve(name, qualifier) !== undefined) return;
  // A number is a version and anything with a $ no alias.
  if (/^\d+$/.test(qualifier) || qualifier.includes("$")) throw functionNotFound(functionArn(context, name, qualifier));
  throw resourceNotFound(`Cannot find alias arn: ${functionArn(context, name, qualifier)}`);
}

function statementOf(input: JsonObject, resource: string): JsonObject {
  const principal = stringMember(input, "Principal") ?? "";
  const account = /^\d{12}$/.test(principal) ? `arn:aws:iam::${principal}:root` : principal;
  const conditions: JsonObject = {
    ...condition("StringEquals", {
      "AWS:SourceAccount": stringMember(input, "SourceAccount"),
      "lambda:EventSourceToken": stringMember(input, "EventSourceToken"),
      "lambda:FunctionUrlAuthType": stringMember(input, "FunctionUrlAuthType"),
      "aws:PrincipalOrgID": stringMember(input, "PrincipalOrgID"),
    }),
    ...condition("Bool", {
      "lambda:InvokedViaFunctionUrl": booleanMember(input, "InvokedViaFunctionUrl") === true ? "true" : undefined,
    }),
    ...condition("ArnLike", { "AWS:SourceArn": stringMember(input, "SourceArn") }),
  };
  return {
    Sid: stringMember(input, "StatementId"),
    Effect: "Allow",
    Principal:
      principal === "*" ? "*" : /amazon(aws)?\.com$/.test(principal) ? { Service: principal } : { AWS: account },
    Action: stringMember(input, "Action"),
    Resource: resource,
    ...(Object.keys(conditions).length === 0 ? {} : { Condition: conditions }),
  };
}

function condition(operator: string, values: Readonly<Record<string, string | undefined>>): JsonObject {
  const given = defined<JsonObject>(values);
  return Object.keys(given).length === 0 ? {} : { [operator]: given };
}

function getPolicy(call: Call): Answer {
  const { context } = call;
  const { name, qualifier } = referenceOf(call);
  const part = qualifier ?? LATEST;
  const policy = context.rows.get("policy", name, part);
  if (policy === undefined || policy.statements.length === 0)
    throw resourceNotFound("The resource you requested does not exist.");
  return { body: { Policy: policyText(policy), RevisionId: context.directory.revisionOf(name, part) } };
}

async function removePermission(call: Call): Promise<Answer> {
  const { context, path, query } = call;
  const { name, qualifier } = referenceOf(call);
  const record = context.directory.latest(name);
  if (record === undefined) throw resourceNotFound(`No policy found for: ${functionArn(context, name)}`);
  checkQualifier(call, name, qualifier);
  const part = qualifier ?? LATEST;
  const policy = context.rows.get("policy", name, part);
  if (policy === undefined) throw resourceNotFound("No policy is associated with the given resource.");
  const left = policy.statements.filter((statement) => statement["Sid"] !== path["StatementId"]);
  if (left.length === policy.statements.length)
    throw resourceNotFound(`Statement ${path["StatementId"]} is not found in resource policy.`);
  checkRevision(query.get("RevisionId") ?? undefined, context.directory.revisionOf(name, part), "GetPolicy");
  const durable = !record.fromTemplate;
  if (left.length === 0) await context.rows.remove("policy", name, part);
  else await context.rows.put("policy", name, part, { ...policy, statements: left }, { durable });
  await context.directory.revise(name, part);
  return { status: 204 };
}
