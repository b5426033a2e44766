/**
 * Manifests as a source of items: an S3 inventory, whose rows are the items, and a manifest of Athena, which names files that
 * hold them. Files that are compressed are refused by name.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
 */
import { listOf, objectOf, textOf, type Json, type JsonObject } from "../../../../config/json.js";
import { StateFailure } from "../states-error.js";
import { csvItems } from "./csv.js";
import type { Item } from "./items.js";
import type { S3Calls } from "./s3.js";

const ERROR = "States.ItemReaderFailed";
const COMPRESSED = /\.(gz|zst|zip|snappy|parquet|orc)$/i;

export type ParseItems = (text: string, config: JsonObject) => readonly Json[];

export function manifestItems(
  calls: S3Calls,
  manifest: string,
  config: JsonObject,
  parseItems: ParseItems,
): AsyncGenerator<Item> {
  return config["ManifestType"] === "ATHENA_DATA"
    ? athenaItems(calls, manifest, config, parseItems)
    : inventoryItems(calls, manifest);
}

async function* inventoryItems(calls: S3Calls, text: string): AsyncGenerator<Item> {
  const manifest = inventoryOf(text);
  const bucket = textOf(manifest["destinationBucket"]).replace(/^arn:aws[\w-]*:s3:::/, "");
  const headers = textOf(manifest["fileSchema"]).split(/\s*,\s*/);
  for (const file of listOf(manifest["files"]).map(objectOf)) {
    const key = textOf(file["key"]);
    const rows = csvItems(await textOfFile(calls, bucket, key), { CSVHeaderLocation: "GIVEN", CSVHeaders: headers });
    for (const value of rows) yield { value, source: `S3://${bucket}/${key}` };
  }
}

function inventoryOf(text: string): JsonObject {
  try {
    const manifest = objectOf(JSON.parse(text) as Json);
    if (manifest["fileFormat"] === "CSV") return manifest;
  } catch {
    // Said below: what is no JSON is no manifest of CSV files, either.
  }
  throw new StateFailure(ERROR, "Of S3 inventories, only those of CSV files are emulated.");
}

/** One `s3://bucket/key` a line. */
async function* athenaItems(
  calls: S3Calls,
  manifest: string,
  config: JsonObject,
  parseItems: ParseItems,
): AsyncGenerator<Item> {
  for (const line of manifest.split("\n")) {
    const [, bucket, key] = /^"?s3:\/\/([^/]+)\/([^"]+)"?\s*$/i.exec(line) ?? [];
    if (bucket === undefined || key === undefined) continue;
    for (const value of parseItems(await textOfFile(calls, bucket, key), config))
      yield { value, source: `S3://${bucket}/${key}` };
  }
}

function textOfFile(calls: S3Calls, bucket: string, key: string): Promise<string> {
  if (COMPRESSED.test(key)) throw new StateFailure(ERROR, `Reading the compressed file ${key} is not emulated.`);
  return calls.text({ Bucket: bucket, Key: key });
}
