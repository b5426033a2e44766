/** Layers. https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html */
import { pathToFileURL } from "node:url";
import { arnOf } from "../../../shared/arn.js";
import { objectMember, stringListMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { page, type Answer, type Call, type Route } from "../context.js";
import { invalidParameter, resourceNotFound } from "../errors.js";
import { packageOf } from "../package.js";
import type { LayerRecord } from "../records.js";
import { layerView } from "../view.js";

const BASE = "/2018-10-31/layers";

export const LAYER_ROUTES: readonly Route[] = [
  { method: "GET", path: BASE, query: "find=LayerVersion", name: "GetLayerVersionByArn", run: getByArn },
  { method: "GET", path: BASE, name: "ListLayers", run: listLayers },
  { method: "POST", path: `${BASE}/{LayerName}/versions`, name: "PublishLayerVersion", run: publish },
  { method: "GET", path: `${BASE}/{LayerName}/versions`, name: "ListLayerVersions", run: listVersions },
  { method: "GET", path: `${BASE}/{LayerName}/versions/{VersionNumber}`, name: "GetLayerVersion", run: get },
  { method: "DELETE", path: `${BASE}/{LayerName}/versions/{VersionNumber}`, name: "DeleteLayerVersion", run: remove },
];

export const layerName = ({ path }: Call): string => (path["LayerName"] ?? "").split(":").at(-1) ?? "";

/** The version in the path. Throws when there can be none of it. */
function versionOf({ path }: Call): string {
  const version = path["VersionNumber"] ?? "";
  if (Number(version) < 1) throw invalidParameter("Layer Version Cannot be less than 1");
  return version;
}

/** What a list is narrowed down to. */
function wantedOf({ query }: Call): (layer: LayerRecord) => boolean {
  const runtime = query.get("CompatibleRuntime") ?? undefined;
  const architecture = query.get("CompatibleArchitecture") ?? undefined;
  return ({ compatibleRuntimes, compatibleArchitectures }) =>
    (runtime === undefined || compatibleRuntimes.includes(runtime)) &&
    (architecture === undefined || compatibleArchitectures.includes(architecture));
}

/** Newest first, as AWS lists them. */
function versionsOf({ context }: Call, name: string): readonly LayerRecord[] {
  return context.rows
    .partsOf("layer", name)
    .map(([, layer]) => layer)
    .toSorted((a, b) => b.version - a.version);
}

async function publish(call: Call): Promise<Answer> {
  const { context, input } = call;
  const name = layerName(call);
  const stored = await packageOf(context, objectMember(input, "Content") ?? {}, false);
  const counter = `layer:${name}`;
  const version = (context.rows.get("counter", counter) ?? 0) + 1;
  const layer: LayerRecord = {
    name,
    version,
    description: stringMember(input, "Description") ?? "",
    createdAt: context.directory.timestamp(),
    compatibleRuntimes: stringListMember(input, "CompatibleRuntimes") ?? [],
    compatibleArchitectures: stringListMember(input, "CompatibleArchitectures") ?? [],
    licenseInfo: stringMember(input, "LicenseInfo"),
    codeSha256: stored.codeSha256,
    codeSizeBytes: stored.codeSizeBytes,
  };
  await context.rows.put("counter", counter, "", version, { durable: true });
  await context.rows.put("layer", name, String(version), layer, { durable: true });
  return { status: 201, body: viewWithContent(call, layer) };
}

function viewWithContent({ context }: Call, layer: LayerRecord): JsonObject {
  const content = {
    Location: pathToFileURL(`${context.code.pathOf(layer.codeSha256)}.zip`).href,
    CodeSha256: layer.codeSha256,
    CodeSize: layer.codeSizeBytes,
  };
  return { Content: content, ...layerView(layer, context.realm) };
}

function get(call: Call): Answer {
  const layer = call.context.rows.get("layer", layerName(call), versionOf(call));
  if (layer === undefined) throw resourceNotFound("The resource you requested does not exist.");
  return { body: viewWithContent(call, layer) };
}

function getByArn(call: Call): Answer {
  const arn = call.query.get("Arn") ?? "";
  const [name = "", version = ""] = arn.split(":").slice(-2);
  const layer = call.context.rows.get("layer", name, version);
  if (layer === undefined) throw resourceNotFound("The resource you requested does not exist.");
  return { body: viewWithContent(call, layer) };
}

function listLayers(call: Call): Answer {
  const { context, query } = call;
  const wanted = wantedOf(call);
  const latest = context.rows
    .namesOf("layer")
    .toSorted()
    .flatMap((name) => versionsOf(call, name).find(wanted) ?? []);
  const { rows, next } = page(latest, query, 50);
  const layers = rows.map((layer) => {
    const arn = arnOf.layer(context.realm, layer.name, layer.version);
    const { LayerArn: _layerArn, ...view } = layerView(layer, context.realm);
    return { LayerName: layer.name, LayerArn: arn.slice(0, arn.lastIndexOf(":")), LatestMatchingVersion: view };
  });
  return { body: { Layers: layers, ...next } };
}

function listVersions(call: Call): Answer {
  const { context, query } = call;
  const { rows, next } = page(versionsOf(call, layerName(call)).filter(wantedOf(call)), query, 50);
  const views = rows.map((layer) => {
    const { LayerArn: _layerArn, ...view } = layerView(layer, context.realm);
    return view;
  });
  return { body: { LayerVersions: views, ...next } };
}

/** Functions that use the version keep their copy. */
async function remove(call: Call): Promise<Answer> {
  await call.context.rows.remove("layer", layerName(call), versionOf(call));
  return { status: 204 };
}
