/** Layers. https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html */
import { pathToFileURL } from "node:url";
import { arnOf } from "../../../shared/arn.js";
import { objectMember, stringListMember, stringMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { page, type Answer, type Call, type Route } from "../context.js";
import { invalidParameter, resourceNotFound } from "../errors.js";
import { packageOf } from "../package.js";
import type { LayerRecord } from "../records.js";
import { FORMER_RUNTIMES, RUNTIMES } from "../settings.js";
import { layerView } from "../view.js";

const BASE = "/2018-10-31/layers";
const LAYER_NAME = /^(?:arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:layer:)?([a-zA-Z0-9-_]{1,140})$/;
const LAYER_VERSION_ARN = /^arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+$/;
const SHOWN_LAYER_VERSION_ARN =
  "(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)";
/** Of layers, those of old as well: nobody runs them any more. */
const LAYER_RUNTIMES = [...RUNTIMES, ...FORMER_RUNTIMES];
const ARCHITECTURES = ["x86_64", "arm64"];
const MAX_RUNTIMES = 15;

export const LAYER_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: BASE,
    name: "ListLayers",
    run: (call) => (call.query.get("find") === "LayerVersion" ? getByArn(call) : listLayers(call)),
  },
  { method: "POST", path: `${BASE}/{LayerName}/versions`, name: "PublishLayerVersion", run: publish },
  { method: "GET", path: `${BASE}/{LayerName}/versions`, name: "ListLayerVersions", run: listVersions },
  { method: "GET", path: `${BASE}/{LayerName}/versions/{VersionNumber}`, name: "GetLayerVersion", run: get },
  { method: "DELETE", path: `${BASE}/{LayerName}/versions/{VersionNumber}`, name: "DeleteLayerVersion", run: remove },
];

export function layerName({ path }: Call): string {
  const text = path["LayerName"] ?? "";
  const match = LAYER_NAME.exec(text);
  const faults = new Violations();
  if (match === null)
    faults.add(
      text,
      "layerName",
      "Member must satisfy regular expression pattern: (arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+",
    );
  faults.check();
  return match?.[1] ?? "";
}

/** Throws AWS's refusals of what a layer says it is made for. */
function checkCompatibility(input: JsonObject): void {
  const runtimes = stringListMember(input, "CompatibleRuntimes") ?? [];
  const architectures = stringListMember(input, "CompatibleArchitectures") ?? [];
  const faults = new Violations();
  faults.length(stringMember(input, "Description"), "description", 0, 256);
  faults.length(stringMember(input, "LicenseInfo"), "licenseInfo", 0, 512);
  faults.length(runtimes, "compatibleRuntimes", 0, MAX_RUNTIMES);
  faults.eachOf(runtimes, "compatibleRuntimes", LAYER_RUNTIMES);
  faults.eachOf(architectures, "compatibleArchitectures", ARCHITECTURES);
  faults.check();
}

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
  const faults = new Violations();
  faults.oneOf(runtime, "compatibleRuntime", LAYER_RUNTIMES);
  faults.oneOf(architecture, "compatibleArchitecture", ARCHITECTURES);
  faults.check();
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
  checkCompatibility(input);
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
  const faults = new Violations();
  faults.pattern(arn, "arn", LAYER_VERSION_ARN, SHOWN_LAYER_VERSION_ARN);
  faults.check();
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
  const { rows, next } = page(latest, query, 50, 50);
  const layers = rows.map((layer) => {
    const arn = arnOf.layer(context.realm, layer.name, layer.version);
    const { LayerArn: _layerArn, ...view } = layerView(layer, context.realm);
    return { LayerName: layer.name, LayerArn: arn.slice(0, arn.lastIndexOf(":")), LatestMatchingVersion: view };
  });
  return { body: { Layers: layers, ...next } };
}

function listVersions(call: Call): Answer {
  const { context, query } = call;
  const { rows, next } = page(versionsOf(call, layerName(call)).filter(wantedOf(call)), query, 50, 50);
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
