/** Functions: create, read, list, delete. Lambda API reference. */
import { randomUUID } from "node:crypto";
import { pathToFileURL } from "node:url";
import type { CodeSource } from "../../../config/function-config.js";
import { LAMBDA } from "../../../shared/aws-limits.js";
import { booleanMember, objectMember, stringListMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import {
  page,
  referenceOf,
  requireFunction,
  requireVersion,
  functionArn,
  type Answer,
  type Call,
  type Route,
} from "../context.js";
import { LATEST } from "../directory.js";
import { conflict, invalidParameter } from "../errors.js";
import { parseFunctionName } from "../function-name.js";
import { keptAsSent } from "../kept-as-sent.js";
import { layersOf } from "../layers.js";
import { packageOf, type Package } from "../package.js";
import { forgetQualifier } from "../qualifiers.js";
import type { FunctionRecord } from "../records.js";
import { checkCodeSource, checkIsLatest, checkSettings } from "../rules.js";
import { KEPT_OF_FUNCTIONS, newConfig, readSettings } from "../settings.js";
import { tagsMember } from "../tags.js";
import { checkUnpackedSize } from "../unpacked-size.js";
import { configurationView } from "../view.js";
import { changeSettings } from "./capacity.js";
import { requireSigning } from "./code-signing.js";
import { removeMapping } from "./mappings.js";

const BASE = "/2015-03-31/functions";

export const FUNCTION_ROUTES: readonly Route[] = [
  { method: "POST", path: BASE, name: "CreateFunction", run: createFunction },
  { method: "GET", path: BASE, name: "ListFunctions", run: listFunctions },
  { method: "GET", path: `${BASE}/{FunctionName}`, name: "GetFunction", run: getFunction },
  {
    method: "GET",
    path: `${BASE}/{FunctionName}/configuration`,
    name: "GetFunctionConfiguration",
    run: getConfiguration,
  },
  { method: "DELETE", path: `${BASE}/{FunctionName}`, name: "DeleteFunction", run: deleteFunction },
];

async function createFunction({ context, input }: Call): Promise<Answer> {
  const text = stringMember(input, "FunctionName");
  const code = objectMember(input, "Code");
  const { name, qualifier } = parseFunctionName(text ?? "", undefined, context.realm);
  checkIsLatest(qualifier);
  if (name.length > LAMBDA.functionNameLength)
    throw invalidParameter(
      `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to ${LAMBDA.functionNameLength}`,
    );
  checkCodeSource(code ?? {});
  const settings = readSettings(input, name, undefined);
  const isImage = stringMember(input, "PackageType") === "Image";
  const asSent = keptAsSent(KEPT_OF_FUNCTIONS, input, {});
  if (!isImage && (settings.runtime === "" || settings.handler === "")) {
    throw invalidParameter(
      "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
    );
  }
  checkSettings(input, { isImage, config: settings, asSent });
  const signing = stringMember(input, "CodeSigningConfigArn");
  if (signing !== undefined) requireSigning(context, signing);
  if (context.directory.latest(name) !== undefined) throw conflict(`Function already exist: ${name}`);
  const layers = layersOf(context, input) ?? { arns: [], sizes: [], folders: [] };
  const tags = tagsMember(input) ?? {};
  // A package type that is not said is Zip, whatever the code is.
  const { ImageUri: _unused, ...zipped } = code ?? {};
  const stored = await packageOf(context, isImage ? (code ?? {}) : zipped, isImage);
  const source = sourceOf(context, stored, objectMember(input, "ImageConfig"));
  await checkUnpackedSize(uploadedIn(source), layers.folders);
  const arn = functionArn(context, name);
  const config = {
    ...newConfig(
      name,
      arn,
      { ...settings, ...(isImage ? { runtime: "image", handler: "" } : {}) },
      { code: source, layers: layers.folders },
    ),
    tags,
  };
  const record = await context.directory.save({
    config,
    fromTemplate: false,
    codeSha256: stored.codeSha256,
    codeSizeBytes: stored.codeSizeBytes,
    revisionId: randomUUID(),
    lastModified: context.directory.timestamp(),
    layerArns: layers.arns,
    layerSizes: layers.sizes,
    asSent,
  });
  if (signing !== undefined)
    await changeSettings(context, name, (current) => ({ ...current, codeSigningConfigArn: signing }));
  const shown = booleanMember(input, "Publish") === true ? await context.directory.publish(record, undefined) : record;
  return { status: 201, body: configurationView(shown, context.realm, { moment: "creating" }) };
}

export function sourceOf({ code }: Call["context"], stored: Package, config: JsonObject | undefined): CodeSource {
  return stored.imageUri === undefined
    ? { kind: "folder", root: code.pathOf(stored.codeSha256) }
    : imageSource(stored.imageUri, config);
}

/** Where the code of a function lies that the API made of a ZIP. */
export const uploadedIn = (source: CodeSource): string | undefined =>
  source.kind === "folder" ? source.root : undefined;

/** `ImageConfig` replaces what the image says of itself; an empty list or text is none. */
export function imageSource(uri: string, config: JsonObject = {}): CodeSource {
  const command = stringListMember(config, "Command");
  const entryPoint = stringListMember(config, "EntryPoint");
  const workingDirectory = stringMember(config, "WorkingDirectory");
  return {
    kind: "image",
    uri,
    ...(command === undefined || command.length === 0 ? {} : { command }),
    ...(entryPoint === undefined || entryPoint.length === 0 ? {} : { entryPoint }),
    ...(workingDirectory === undefined || workingDirectory === "" ? {} : { workingDirectory }),
  };
}

function listFunctions({ context, query }: Call): Answer {
  const withVersions = query.get("FunctionVersion") === "ALL";
  const records = context.directory
    .all()
    .flatMap((record) => (withVersions ? [record, ...context.directory.versions(record.config.name)] : [record]));
  const { rows, next } = page(records, query, 50);
  return {
    body: {
      Functions: rows.map((record) =>
        withoutStates(viewQualified(context, record, withVersions ? record.config.version : undefined)),
      ),
      ...next,
    },
  };
}

/** Lists do not tell states. */
export function withoutStates(view: JsonObject): JsonObject {
  const { State: _state, LastUpdateStatus: _update, RuntimeVersionConfig: _runtime, ...rest } = view;
  return rest;
}

/** The ARN carries the qualifier that was asked for. */
export function viewQualified(
  context: Call["context"],
  record: FunctionRecord,
  qualifier: string | undefined,
): JsonObject {
  return configurationView(record, context.realm, { arn: functionArn(context, record.config.name, qualifier) });
}

function getConfiguration(call: Call): Answer {
  const reference = referenceOf(call);
  return { body: viewQualified(call.context, requireVersion(call.context, reference), reference.qualifier) };
}

function getFunction(call: Call): Answer {
  const { context } = call;
  const reference = referenceOf(call);
  const record = requireVersion(context, reference);
  const { config } = record;
  const tags = requireFunction(context, reference.name).config.tags ?? {};
  return {
    body: {
      Configuration: viewQualified(context, record, reference.qualifier),
      Code: codeView(context, record),
      ...(Object.keys(tags).length === 0 ? {} : { Tags: tags }),
      ...(config.reservedConcurrency === undefined
        ? {}
        : { Concurrency: { ReservedConcurrentExecutions: config.reservedConcurrency } }),
    },
  };
}

/** AWS gives a presigned URL of the package; here it is where the package lies on this machine. */
function codeView({ code }: Call["context"], { config, codeSha256, fromTemplate }: FunctionRecord): JsonObject {
  if (config.code.kind === "image")
    return { RepositoryType: "ECR", ImageUri: config.code.uri, ResolvedImageUri: config.code.uri };
  const file = fromTemplate ? config.code.root : `${code.pathOf(codeSha256)}.zip`;
  return { RepositoryType: "S3", Location: pathToFileURL(file).href };
}

async function deleteFunction(call: Call): Promise<Answer> {
  const { context } = call;
  const { name, qualifier } = referenceOf(call);
  if (qualifier === LATEST) throw invalidParameter("$LATEST version cannot be deleted without deleting the function.");
  if (qualifier !== undefined && !/^\d+$/.test(qualifier)) {
    throw invalidParameter("Deletion of aliases is not currently supported.");
  }
  requireFunction(context, name);
  if (qualifier === undefined) {
    for (const mapping of (await context.mappings()).list()) {
      if (mapping.functionName === name) await removeMapping(context, mapping.uuid);
    }
    await context.directory.remove(name);
    return { status: 204 };
  }
  const record = context.directory.version(name, qualifier);
  // Deleting a version that is not there is no fault on AWS.
  if (record === undefined) return { status: 204 };
  const aliases = context.directory
    .aliases(name)
    .filter(({ version, weights }) => version === qualifier || qualifier in weights)
    .map((alias) => alias.name);
  // As quoted in cloud-custodian/cloud-custodian#6739.
  if (aliases.length > 0)
    throw conflict(`Unable to delete version because the following aliases reference it: [${aliases.join(", ")}]`);
  await context.directory.removeVersion(record);
  await forgetQualifier(context, name, qualifier);
  return { status: 204 };
}
