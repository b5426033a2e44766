/**
 * Code signing configurations: kept and shown. No code is signed here, and none is refused for want of a signature.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
 */
import { randomBytes } from "node:crypto";
import { AwsError } from "../../kit/aws-error.js";
import { objectMember, stringListMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import {
  page,
  referenceOf,
  requireFunction,
  type Answer,
  type Call,
  type LambdaContext,
  type Route,
} from "../context.js";
import type { CodeSigningRecord } from "../records.js";
import { tagsMember } from "../tags.js";
import { changeSettings } from "./capacity.js";

const BASE = "/2020-04-22/code-signing-configs";
const OF_FUNCTION = "/2020-06-30/functions/{FunctionName}/code-signing-config";

export const CODE_SIGNING_ROUTES: readonly Route[] = [
  { method: "POST", path: BASE, name: "CreateCodeSigningConfig", run: create },
  { method: "GET", path: BASE, name: "ListCodeSigningConfigs", run: list },
  { method: "GET", path: `${BASE}/{CodeSigningConfigArn}`, name: "GetCodeSigningConfig", run: get },
  { method: "PUT", path: `${BASE}/{CodeSigningConfigArn}`, name: "UpdateCodeSigningConfig", run: update },
  { method: "DELETE", path: `${BASE}/{CodeSigningConfigArn}`, name: "DeleteCodeSigningConfig", run: remove },
  {
    method: "GET",
    path: `${BASE}/{CodeSigningConfigArn}/functions`,
    name: "ListFunctionsByCodeSigningConfig",
    run: listFunctions,
  },
  { method: "PUT", path: OF_FUNCTION, name: "PutFunctionCodeSigningConfig", run: putOnFunction },
  { method: "GET", path: OF_FUNCTION, name: "GetFunctionCodeSigningConfig", run: getOfFunction },
  { method: "DELETE", path: OF_FUNCTION, name: "DeleteFunctionCodeSigningConfig", run: removeFromFunction },
];

async function create(call: Call): Promise<Answer> {
  const { context, input } = call;
  const id = `csc-0${randomBytes(8).toString("hex")}`;
  const row = read(call, { id, description: "", profiles: [], untrusted: "Warn", lastModified: "" });
  await context.rows.put("codeSigning", id, "", row, { durable: true });
  const tags = tagsMember(input);
  if (tags !== undefined) await context.rows.put("tags", arnOf(context, id), "", tags, { durable: true });
  return { status: 201, body: { CodeSigningConfig: view(context, row) } };
}

/** What the request says, over `current`. */
function read({ context, input }: Call, current: CodeSigningRecord): CodeSigningRecord {
  const profiles = stringListMember(objectMember(input, "AllowedPublishers") ?? {}, "SigningProfileVersionArns");
  const untrusted = stringMember(objectMember(input, "CodeSigningPolicies") ?? {}, "UntrustedArtifactOnDeployment");
  return {
    ...current,
    description: stringMember(input, "Description") ?? current.description,
    profiles: profiles ?? current.profiles,
    untrusted: untrusted === "Enforce" || untrusted === "Warn" ? untrusted : current.untrusted,
    lastModified: context.directory.timestamp(),
  };
}

const arnOf = ({ realm }: LambdaContext, id: string): string =>
  `arn:aws:lambda:${realm.region}:${realm.accountId}:code-signing-config:${id}`;

function view(context: LambdaContext, row: CodeSigningRecord): JsonObject {
  return {
    CodeSigningConfigId: row.id,
    CodeSigningConfigArn: arnOf(context, row.id),
    Description: row.description,
    AllowedPublishers: { SigningProfileVersionArns: row.profiles },
    CodeSigningPolicies: { UntrustedArtifactOnDeployment: row.untrusted },
    LastModified: row.lastModified.replace("+0000", "+00:00"),
  };
}

export function codeSigningAt(context: LambdaContext, arn: string): CodeSigningRecord | undefined {
  const row = context.rows.get("codeSigning", arn.split(":").at(-1) ?? "");
  return row !== undefined && arnOf(context, row.id) === arn ? row : undefined;
}

/** Recorded without the member `Type`. */
function requireConfig({ context, path }: Call): CodeSigningRecord {
  const arn = path["CodeSigningConfigArn"] ?? "";
  const row = codeSigningAt(context, arn);
  if (row !== undefined) return row;
  const text = `The Lambda code signing configuration ${arn} can not be found.`;
  throw new AwsError("ResourceNotFoundException", text, { statusCode: 404 });
}

function get(call: Call): Answer {
  return { body: { CodeSigningConfig: view(call.context, requireConfig(call)) } };
}

async function update(call: Call): Promise<Answer> {
  const { context } = call;
  const row = read(call, requireConfig(call));
  await context.rows.put("codeSigning", row.id, "", row, { durable: true });
  return { body: { CodeSigningConfig: view(context, row) } };
}

async function remove(call: Call): Promise<Answer> {
  const { context } = call;
  const { id } = requireConfig(call);
  if (usersOf(context, arnOf(context, id)).length > 0)
    throw new AwsError("ResourceConflictException", "The code signing configuration is in use by functions.", {
      statusCode: 409,
      members: { Type: "User" },
    });
  await context.rows.remove("codeSigning", id);
  await context.rows.remove("tags", arnOf(context, id));
  return { status: 204 };
}

function list({ context, query }: Call): Answer {
  const all = context.rows.namesOf("codeSigning").flatMap((id) => context.rows.get("codeSigning", id) ?? []);
  const { rows, next } = page(all, query, 50);
  return { body: { CodeSigningConfigs: rows.map((row) => view(context, row)), ...next } };
}

function usersOf({ directory, rows }: LambdaContext, arn: string): readonly string[] {
  return directory
    .all()
    .filter(({ config }) => rows.get("settings", config.name)?.codeSigningConfigArn === arn)
    .map(({ config }) => config.arn);
}

function listFunctions(call: Call): Answer {
  const { context, query } = call;
  const { rows, next } = page(usersOf(context, arnOf(context, requireConfig(call).id)), query, 50);
  return { body: { FunctionArns: rows, ...next } };
}

async function putOnFunction(call: Call): Promise<Answer> {
  const { context, input } = call;
  const { name } = referenceOf(call);
  const arn = stringMember(input, "CodeSigningConfigArn");
  requireSigning(context, arn ?? "");
  requireFunction(context, name);
  await changeSettings(context, name, (settings) => ({ ...settings, codeSigningConfigArn: arn ?? "" }));
  return { body: { CodeSigningConfigArn: arn, FunctionName: name } };
}

/** Of requests that hang it on a function. */
export function requireSigning(context: LambdaContext, arn: string): void {
  if (codeSigningAt(context, arn) !== undefined) return;
  const text = `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`;
  throw new AwsError("CodeSigningConfigNotFoundException", text, { statusCode: 404, members: { Type: "User" } });
}

function getOfFunction(call: Call): Answer {
  const { context } = call;
  const { name } = referenceOf(call);
  requireFunction(context, name);
  const arn = context.rows.get("settings", name)?.codeSigningConfigArn;
  return { body: { ...(arn === undefined ? {} : { CodeSigningConfigArn: arn }), FunctionName: name } };
}

async function removeFromFunction(call: Call): Promise<Answer> {
  const { context } = call;
  const { name } = referenceOf(call);
  requireFunction(context, name);
  await changeSettings(context, name, ({ codeSigningConfigArn: _gone, ...settings }) => settings);
  return { status: 204 };
}
