/** The `Code` of CreateFunction, UpdateFunctionCode and PublishLayerVersion: a ZIP in the request, one in S3, or an image. */
import { createHash } from "node:crypto";
import { stringMember } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { StoredPackage } from "./code-folder.js";
import type { LambdaContext } from "./context.js";
import { invalidParameter } from "./errors.js";

const END_OF_CENTRAL_DIRECTORY = Buffer.from("PK\u0005\u0006", "latin1");

export interface Package extends StoredPackage {
  readonly imageUri?: string;
}

/** Throws AWS's refusals. */
export async function packageOf(
  context: Pick<LambdaContext, "code" | "readObject">,
  code: JsonObject,
  isImage: boolean,
): Promise<Package> {
  const imageUri = stringMember(code, "ImageUri");
  if (isImage || imageUri !== undefined) {
    if (!isImage)
      throw invalidParameter("Please don't provide ImageUri when updating a function with packageType Zip.");
    if (imageUri === undefined)
      throw invalidParameter("Please provide ImageUri when updating a function with packageType Image.");
    return { imageUri, codeSha256: createHash("sha256").update(imageUri).digest("hex"), codeSizeBytes: 0 };
  }
  const zip = await zipOf(context, code);
  if (isEmpty(zip)) throw invalidParameter("Uploaded file must be a non-empty zip");
  return context.code.keep(zip);
}

/** Nothing at all, or the end record that a ZIP without files begins with. */
const isEmpty = (zip: Buffer): boolean => zip.length === 0 || zip.subarray(0, 4).equals(END_OF_CENTRAL_DIRECTORY);

async function zipOf({ readObject }: Pick<LambdaContext, "readObject">, code: JsonObject): Promise<Buffer> {
  const zipped = stringMember(code, "ZipFile");
  if (zipped !== undefined) return Buffer.from(zipped, "base64");
  const bucket = stringMember(code, "S3Bucket");
  const key = stringMember(code, "S3Key");
  if (bucket === undefined || key === undefined) throw invalidParameter("Please provide a source for function code.");
  const object = await readObject(bucket, key, stringMember(code, "S3ObjectVersion"));
  if (typeof object === "string") {
    const what = object === "NoSuchKey" ? "key" : "bucket";
    throw invalidParameter(
      `Error occurred while GetObject. S3 Error Code: ${object}. S3 Error Message: The specified ${what} does not exist.`,
    );
  }
  return object;
}
