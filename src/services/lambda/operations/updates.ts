/** Changes of functions, and their versions. Lambda API reference. */
import { booleanMember, objectMember, stringListMember, stringMember } from "../../kit/json-input.js";
import {
  checkRevision,
  page,
  referenceOf,
  requireFunction,
  type Answer,
  type Call,
  type LambdaContext,
  type Route,
} from "../context.js";
import { LATEST } from "../directory.js";
import { invalidParameter } from "../errors.js";
import { keptAsSent } from "../kept-as-sent.js";
import { layersOf } from "../layers.js";
import { packageOf } from "../package.js";
import type { FunctionRecord } from "../records.js";
import { checkCodeSource, checkIsLatest, checkKind, checkSettings } from "../rules.js";
import { KEPT_OF_FUNCTIONS, readSettings } from "../settings.js";
import { checkUnpackedSize } from "../unpacked-size.js";
import { configurationView } from "../view.js";
import { imageSource, sourceOf, uploadedIn, viewQualified, withoutStates } from "./functions.js";

const FUNCTION = "/2015-03-31/functions/{FunctionName}";

export const UPDATE_ROUTES: readonly Route[] = [
  { method: "PUT", path: `${FUNCTION}/code`, name: "UpdateFunctionCode", run: updateCode },
  { method: "PUT", path: `${FUNCTION}/configuration`, name: "UpdateFunctionConfiguration", run: updateConfiguration },
  { method: "POST", path: `${FUNCTION}/versions`, name: "PublishVersion", run: publishVersion },
  { method: "GET", path: `${FUNCTION}/versions`, name: "ListVersionsByFunction", run: listVersions },
];

async function updateCode(call: Call): Promise<Answer> {
  const { context, input } = call;
  const { name, qualifier } = referenceOf(call);
  checkKind(input);
  checkIsLatest(qualifier);
  checkCodeSource(input);
  const record = requireFunction(context, name, qualifier);
  checkRevision(stringMember(input, "RevisionId"), record.revisionId, "GetFunction/GetAlias");
  const stored = await packageOf(context, input, record.config.code.kind === "image");
  const code = sourceOf(context, stored, objectMember(record.asSent, "ImageConfig"));
  // Layers of the template are folders of the project, which nobody packs here.
  await checkUnpackedSize(uploadedIn(code), record.layerArns.length === 0 ? [] : record.config.layers);
  const [architecture] = stringListMember(input, "Architectures") ?? [];
  const updated: FunctionRecord = {
    ...record,
    codeSha256: stored.codeSha256,
    codeSizeBytes: stored.codeSizeBytes,
    config: {
      ...record.config,
      code,
      ...(architecture === "arm64" || architecture === "x86_64" ? { architecture } : {}),
    },
  };
  if (booleanMember(input, "DryRun") === true) return { body: configurationView(updated, context.realm) };
  const saved = await context.directory.save(updated);
  if (booleanMember(input, "Publish") === true)
    return { body: configurationView((await publishChange(context, saved)).record, context.realm) };
  return { body: configurationView(saved, context.realm, { moment: "updating" }) };
}

async function updateConfiguration(call: Call): Promise<Answer> {
  const { context, input } = call;
  const { name, qualifier } = referenceOf(call);
  checkIsLatest(qualifier);
  const record = requireFunction(context, name, qualifier);
  checkRevision(stringMember(input, "RevisionId"), record.revisionId, "GetFunction/GetAlias");
  const settings = readSettings(input, name, record.config);
  const asSent = keptAsSent(KEPT_OF_FUNCTIONS, input, record.asSent);
  checkSettings(input, { isImage: record.config.code.kind === "image", config: settings, asSent });
  const layers = layersOf(context, input);
  const { code } = record.config;
  await checkUnpackedSize(record.fromTemplate ? undefined : uploadedIn(code), layers?.folders ?? []);
  const imageConfig = objectMember(input, "ImageConfig");
  const saved = await context.directory.save({
    ...record,
    config: {
      ...record.config,
      ...settings,
      ...(layers === undefined ? {} : { layers: layers.folders }),
      ...(code.kind === "image" && imageConfig !== undefined ? { code: imageSource(code.uri, imageConfig) } : {}),
    },
    ...(layers === undefined ? {} : { layerArns: layers.arns, layerSizes: layers.sizes }),
    asSent,
  });
  return { body: configurationView(saved, context.realm, { moment: "updating" }) };
}

async function publishVersion(call: Call): Promise<Answer> {
  const { context, input } = call;
  const { name, qualifier } = referenceOf(call);
  checkKind(input);
  checkIsLatest(qualifier);
  const latest = requireFunction(context, name, qualifier);
  checkRevision(stringMember(input, "RevisionId"), latest.revisionId, "GetFunction/GetAlias");
  const wanted = stringMember(input, "CodeSha256");
  if (wanted !== undefined && wanted !== "" && wanted !== latest.codeSha256) {
    throw invalidParameter(
      `CodeSHA256 (${wanted}) is different from current CodeSHA256 in $LATEST (${latest.codeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
    );
  }
  const { record, isNew } = await publishChange(context, latest, stringMember(input, "Description"));
  return { status: 201, body: configurationView(record, context.realm, isNew ? { moment: "creating" } : {}) };
}

/** Publishing what is published already gives the version that there is. */
async function publishChange(
  { directory }: LambdaContext,
  latest: FunctionRecord,
  description?: string,
): Promise<{ readonly record: FunctionRecord; readonly isNew: boolean }> {
  const last = directory.versions(latest.config.name).at(-1);
  if (last !== undefined && unchanged(last, latest)) return { record: last, isNew: false };
  return { record: await directory.publish(latest, description), isNew: true };
}

function unchanged(published: FunctionRecord, latest: FunctionRecord): boolean {
  const essence = ({ config, codeSha256, layerArns, asSent }: FunctionRecord): string =>
    JSON.stringify({
      ...config,
      arn: "",
      version: "",
      description: "",
      tags: {},
      reservedConcurrency: 0,
      codeSha256,
      layerArns,
      asSent,
    });
  return essence(published) === essence(latest);
}

function listVersions(call: Call): Answer {
  const { context, query } = call;
  const { name } = referenceOf(call);
  const latest = requireFunction(context, name);
  const records = [latest, ...context.directory.versions(name)];
  const { rows, next } = page(records, query, 50);
  return {
    body: {
      Versions: rows.map((record) =>
        withoutStates(viewQualified(context, record, record === latest ? LATEST : record.config.version)),
      ),
      ...next,
    },
  };
}
