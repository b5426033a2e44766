/** Aliases, with weights. https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html */
import { randomUUID } from "node:crypto";
import { arnOf } from "../../../shared/arn.js";
import { objectMember, numberMember, stringMember } from "../../kit/json-input.js";
import {
  checkRevision,
  functionArn,
  page,
  referenceOf,
  requireFunction,
  type Answer,
  type Call,
  type Route,
} from "../context.js";
import { LATEST } from "../directory.js";
import { conflict, functionNotFound, invalidParameter, resourceNotFound } from "../errors.js";
import { forgetQualifier } from "../qualifiers.js";
import type { AliasRecord } from "../records.js";
import { aliasView } from "../view.js";

const BASE = "/2015-03-31/functions/{FunctionName}/aliases";

export const ALIAS_ROUTES: readonly Route[] = [
  { method: "POST", path: BASE, name: "CreateAlias", run: createAlias },
  { method: "GET", path: BASE, name: "ListAliases", run: listAliases },
  { method: "GET", path: `${BASE}/{Name}`, name: "GetAlias", run: getAlias },
  { method: "PUT", path: `${BASE}/{Name}`, name: "UpdateAlias", run: updateAlias },
  { method: "DELETE", path: `${BASE}/{Name}`, name: "DeleteAlias", run: deleteAlias },
];

async function createAlias(call: Call): Promise<Answer> {
  const { context, input } = call;
  const { name } = referenceOf(call);
  const alias = stringMember(input, "Name");
  const version = stringMember(input, "FunctionVersion");
  // The version is what is missed, also where there is no function (aws-cloudformation/rain#175).
  const record = requireFunction(context, name, version);
  if (context.directory.alias(name, alias ?? "") !== undefined)
    throw conflict(`Alias already exists: ${functionArn(context, name, alias)}`);
  const row = readAlias(call, name, {
    name: alias ?? "",
    version: version ?? "",
    description: "",
    weights: {},
    revisionId: "",
  });
  await context.rows.put("alias", name, row.name, row, { durable: !record.fromTemplate });
  return { status: 201, body: aliasView(name, row, context.realm) };
}

async function updateAlias(call: Call): Promise<Answer> {
  const { context, input } = call;
  // Who asks for an alias is told otherwise (hashicorp/terraform-provider-aws#4090).
  const { name, alias } = requireAlias(call, "Alias not found");
  checkRevision(stringMember(input, "RevisionId"), alias.revisionId, "GetFunction/GetAlias");
  const row = readAlias(call, name, alias);
  await context.rows.put("alias", name, row.name, row, { durable: !requireFunction(context, name).fromTemplate });
  return { body: aliasView(name, row, context.realm) };
}

/** What the request says, over what there is. */
function readAlias({ context, input }: Call, name: string, current: AliasRecord): AliasRecord {
  const version = stringMember(input, "FunctionVersion") ?? current.version;
  const main = context.directory.version(name, version)?.config;
  if (main === undefined) throw functionNotFound(functionArn(context, name, version));
  const routing = objectMember(input, "RoutingConfig");
  const sent = objectMember(routing ?? {}, "AdditionalVersionWeights") ?? {};
  const weights =
    routing === undefined
      ? current.weights
      : Object.fromEntries(Object.keys(sent).map((key) => [key, numberMember(sent, key) ?? 0]));
  const others = Object.keys(weights);
  if (others.length > 0 && version === LATEST)
    throw invalidParameter("$LATEST is not supported for an alias pointing to more than 1 version");
  if (others.length > 1) throw invalidParameter("Number of items in AdditionalVersionWeights cannot be greater than 1");
  for (const other of others) {
    if (other === version)
      throw invalidParameter(
        `Invalid function version ${version}. Function version ${version} is already included in routing configuration.`,
      );
    const second = context.directory.version(name, other)?.config;
    if (second === undefined) throw functionNotFound(functionArn(context, name, other));
    // serverless-heaven/serverless-aws-alias#64; that dead letters have to be alike too: developer guide, "alias routing".
    if (second.role !== main.role)
      throw invalidParameter("Specified versions must be associated with the same execution role");
    if (second.deadLetterTargetArn !== main.deadLetterTargetArn)
      throw invalidParameter("Specified versions must be associated with the same dead letter queue");
  }
  return {
    name: current.name,
    version,
    description: stringMember(input, "Description") ?? current.description,
    weights,
    revisionId: randomUUID(),
  };
}

function requireAlias(
  call: Call,
  refusal = "Cannot find alias arn",
): { readonly name: string; readonly alias: AliasRecord } {
  const { context, path } = call;
  const { name } = referenceOf(call);
  const alias = context.directory.alias(name, path["Name"] ?? "");
  if (alias === undefined) throw resourceNotFound(`${refusal}: ${arnOf.function(context.realm, name, path["Name"])}`);
  return { name, alias };
}

function getAlias(call: Call): Answer {
  const { name, alias } = requireAlias(call);
  return { body: aliasView(name, alias, call.context.realm) };
}

function listAliases(call: Call): Answer {
  const { context, query } = call;
  const { name } = referenceOf(call);
  requireFunction(context, name);
  const version = query.get("FunctionVersion");
  const { rows, next } = page(
    context.directory.aliases(name).filter((alias) => version === null || alias.version === version),
    query,
    50,
  );
  return { body: { Aliases: rows.map((alias) => aliasView(name, alias, context.realm)), ...next } };
}

async function deleteAlias(call: Call): Promise<Answer> {
  const { context, path } = call;
  const { name } = referenceOf(call);
  await context.rows.remove("alias", name, path["Name"]);
  await context.directory.forget(name, `alias:${path["Name"]}`);
  await forgetQualifier(context, name, path["Name"] ?? "");
  return { status: 204 };
}
