/**
 * ItemReader: the items of a distributed Map from S3, out of one file, out of the objects that a listing finds, or the list
 * of objects itself.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
 */
import { isJsonObject, objectOf, textOf, type Json, type JsonObject } from "../../../../config/json.js";
import { scopeOf } from "../context-object.js";
import { readPath } from "../data/json-path.js";
import { evaluate } from "../data/jsonata.js";
import { fillTemplate } from "../data/template.js";
import type { Step } from "../run.js";
import { StateFailure } from "../states-error.js";
import { csvItems } from "./csv.js";
import type { Item } from "./items.js";
import { manifestItems } from "./manifest.js";
import { numberIn } from "../number-field.js";
import { S3Calls } from "./s3.js";

const ERROR = "States.ItemReaderFailed";
const MS_PER_SECOND = 1000;

export interface Reader {
  readonly action: string;
  readonly parameters: JsonObject;
  readonly config: JsonObject;
}

/** The reader with its Parameters or Arguments filled in. */
export async function readerOf(step: Step, input: Json): Promise<Reader> {
  const reader = objectOf(step.state["ItemReader"]);
  const scope = scopeOf(step, input);
  const parameters =
    step.language === "JSONata"
      ? await evaluate(reader["Arguments"] ?? {}, scope, "ItemReader/Arguments")
      : fillTemplate(reader["Parameters"] ?? {}, scope);
  const config = objectOf(reader["ReaderConfig"]);
  return { action: textOf(reader["Resource"]).split(":").at(-1) ?? "", parameters: objectOf(parameters), config };
}

export async function readItems(step: Step, input: Json, reader: Reader): Promise<readonly Item[]> {
  const most = await maxItems(step, input, reader.config);
  const calls = new S3Calls(step.run, step.frame.signal, ERROR);
  const items: Item[] = [];
  // The readers are asked for no more than what is wanted.
  for await (const item of reader.action === "listObjectsV2" ? listed(calls, reader) : ofFile(calls, reader)) {
    items.push(item);
    if (items.length === most) break;
  }
  return items;
}

async function* ofFile(calls: S3Calls, { parameters, config }: Reader): AsyncGenerator<Item> {
  const text = await calls.text(parameters);
  if (config["InputType"] === "MANIFEST" || config["ManifestType"] !== undefined) {
    yield* manifestItems(calls, text, config, parseItems);
    return;
  }
  const source = sourceOf(parameters["Bucket"], parameters["Key"]);
  for (const value of parseItems(text, config)) yield { value, source };
}

async function* listed(calls: S3Calls, { parameters, config }: Reader): AsyncGenerator<Item> {
  const bucket = parameters["Bucket"] ?? "";
  for await (const object of calls.objects(parameters)) {
    if (config["Transformation"] === "LOAD_AND_FLATTEN") {
      yield* ofFile(calls, { action: "getObject", parameters: { Bucket: bucket, Key: object["Key"] ?? "" }, config });
    } else yield { value: shownObject(object), source: `S3://${textOf(bucket)}` };
  }
}

const sourceOf = (bucket: Json | undefined, key: Json | undefined): string => `S3://${textOf(bucket)}/${textOf(key)}`;

/** An object in a listing, with the names and the seconds that AWS's page shows. */
function shownObject(object: JsonObject): JsonObject {
  const { ETag: etag = "", Key: key = "", LastModified: modified, Size: size = 0, StorageClass: storage } = object;
  return {
    Etag: etag,
    Key: key,
    LastModified: Math.floor(Date.parse(textOf(modified)) / MS_PER_SECOND),
    Size: size,
    StorageClass: storage ?? "STANDARD",
  };
}

/** The items in a file of its InputType. */
function parseItems(text: string, config: JsonObject): readonly Json[] {
  const type = textOf(config["InputType"]);
  if (type === "CSV") return csvItems(text, config);
  if (type === "JSONL")
    return text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map(parseJson);
  if (type === "JSON") return arrayAt(parseJson(text), textOf(config["ItemsPointer"]));
  throw new StateFailure(ERROR, `ItemReader with the InputType ${type} is not emulated.`);
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new StateFailure(ERROR, `The JSON cannot be parsed: ${(error as Error).message}`);
  }
}

/** ItemsPointer is a JSON pointer (RFC 6901). */
function arrayAt(document: Json, pointer: string): readonly Json[] {
  let value: Json | undefined = document;
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) value = (value as readonly Json[])[Number(name)];
    else value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  }
  if (!Array.isArray(value)) throw new StateFailure(ERROR, "Attempting to map over non-iterable node.");
  return value as readonly Json[];
}

/** 0, and nothing said, are all; the refusals are AWS's. */
async function maxItems(step: Step, input: Json, config: JsonObject): Promise<number> {
  const { MaxItems: own, MaxItemsPath: path } = config;
  const scope = scopeOf(step, input);
  let most: Json | undefined = own;
  if (path !== undefined) most = readPath(textOf(path), scope);
  else if (own !== undefined && step.language === "JSONata")
    most = await evaluate(own, scope, "ItemReader/ReaderConfig/MaxItems");
  if (most === undefined) return 0;
  const number = numberIn(most, "integer");
  if (number === undefined) {
    const shown = typeof most === "string" ? most : JSON.stringify(most);
    const where = `which is not a valid integer: ${textOf(path)}`;
    throw new StateFailure(ERROR, `The MaxItemsPath field refers to value '${shown}' ${where}`);
  }
  if (number < 0) throw new StateFailure(ERROR, "field MaxItems must be positive");
  return number;
}
