/**
 * Four kinds of events come in, one request goes out: a direct call or Step Functions input
 * `{bucket?, prefix?, expires_in?}`, an S3 notification, and API Gateway's REST (1.0) and HTTP (2.0) proxy events.
 * AWS: "Event message structure" (S3), "Input format of a Lambda function for proxy integration" (API Gateway).
 */
import { InvalidEventError } from "./errors.js";
import { MAX_EXPIRES_SECONDS, wholeNumber } from "./settings.js";
import type { Settings } from "./settings.js";

/** S3's bound for a key, and so for a prefix. */
const MAX_KEY_BYTES = 1024;

export interface Source {
  readonly bucket: string;
  readonly prefix: string;
}

export interface ManifestRequest {
  /** What to list. No source lies inside another, so no key comes twice. */
  readonly sources: readonly Source[];
  /** Where the manifest goes: the bucket of the first source. */
  readonly bucket: string;
  readonly expiresInSeconds: number;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** API Gateway wants `{statusCode, headers, body}` back, REST as well as HTTP. */
export function isHttpEvent(event: unknown): boolean {
  if (!isObject(event) || !isObject(event["requestContext"])) return false;
  return typeof event["httpMethod"] === "string" || isObject(event["requestContext"]["http"]);
}

export function readEvent(event: unknown, settings: Settings): ManifestRequest {
  if (!isObject(event)) throw new InvalidEventError(`The event must be a JSON object, got ${JSON.stringify(event)}.`);
  if (isHttpEvent(event)) return fromFields(httpFields(event), settings);
  if (Array.isArray(event["Records"])) return fromRecords(event["Records"], settings);
  return fromFields(event, settings);
}

function fromFields(fields: Fields, settings: Settings): ManifestRequest {
  const bucket = text(fields, "bucket") ?? settings.bucket;
  if (bucket === undefined || bucket === "") {
    throw new InvalidEventError(
      'The event names no bucket and REPORTS_BUCKET is not set. Pass {"bucket":"my-company-reports-bucket"}.',
    );
  }
  const prefix = text(fields, "prefix") ?? settings.sourcePrefix;
  const asked = fields["expires_in"] ?? settings.expiresInSeconds;
  const expiresInSeconds = wholeNumber(asked, MAX_EXPIRES_SECONDS);
  if (expiresInSeconds === undefined) {
    // Refused, not shortened: whoever asks for a month must not get links that die after a week.
    throw new InvalidEventError(
      `expires_in must be whole seconds from 1 to ${MAX_EXPIRES_SECONDS} (7 days), got ${JSON.stringify(asked)}.`,
    );
  }
  return request([{ bucket, prefix }], expiresInSeconds, settings);
}

/** The month of an upload is the folder of its key; several uploads into one folder make one source. */
function fromRecords(records: readonly unknown[], settings: Settings): ManifestRequest {
  const sources = records.map((record): Source => {
    const s3 =
      isObject(record) && record["eventSource"] === "aws:s3" && isObject(record["s3"]) ? record["s3"] : undefined;
    const bucket = isObject(s3?.["bucket"]) ? s3["bucket"]["name"] : undefined;
    const key = isObject(s3?.["object"]) ? s3["object"]["key"] : undefined;
    if (typeof bucket !== "string" || bucket === "" || typeof key !== "string") {
      throw new InvalidEventError(
        "Records must come from S3 (eventSource aws:s3), each with s3.bucket.name and s3.object.key.",
      );
    }
    const decoded = decodeKey(key);
    return { bucket, prefix: decoded.slice(0, decoded.lastIndexOf("/") + 1) };
  });
  return request(sources, settings.expiresInSeconds, settings);
}

/** Keys in notifications are form-encoded: a space is `+`. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch (cause) {
    throw new InvalidEventError(`The key ${JSON.stringify(key)} of the S3 record is not URL-encoded.`, { cause });
  }
}

function request(sources: readonly Source[], expiresInSeconds: number, settings: Settings): ManifestRequest {
  for (const { prefix } of sources) {
    if (Buffer.byteLength(prefix) > MAX_KEY_BYTES) {
      throw new InvalidEventError(`prefix is longer than ${MAX_KEY_BYTES} bytes.`);
    }
    // A function started by its own output would run for ever.
    if (prefix.startsWith(settings.manifestPrefix)) {
      throw new InvalidEventError(
        `prefix "${prefix}" lies in ${settings.manifestPrefix}, where the manifests themselves go.`,
      );
    }
  }
  const outermost = sources.filter((source, index) => !sources.some((other, i) => covers(other, source, i < index)));
  const first = outermost[0];
  if (first === undefined) throw new InvalidEventError("The event has no records.");
  return { sources: outermost, bucket: first.bucket, expiresInSeconds };
}

/** True when listing `other` lists `source` too; of two equal sources the earlier one stays. */
function covers(other: Source, source: Source, otherIsEarlier: boolean): boolean {
  if (other.bucket !== source.bucket || !source.prefix.startsWith(other.prefix)) return false;
  return other.prefix.length < source.prefix.length || otherIsEarlier;
}

/** Query parameters over the fields of a JSON body. */
function httpFields(event: Fields): Fields {
  const query = isObject(event["queryStringParameters"]) ? event["queryStringParameters"] : {};
  return { ...jsonBody(event), ...query };
}

function jsonBody(event: Fields): Fields {
  const raw = event["body"];
  if (typeof raw !== "string" || raw === "") return {};
  const decoded = event["isBase64Encoded"] === true ? Buffer.from(raw, "base64").toString("utf8") : raw;
  let body: unknown;
  try {
    body = JSON.parse(decoded);
  } catch (cause) {
    throw new InvalidEventError(`The request body is not valid JSON: ${(cause as Error).message}.`, { cause });
  }
  if (!isObject(body)) throw new InvalidEventError("The request body must be a JSON object.");
  return body;
}

function text(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value !== undefined && typeof value !== "string") {
    throw new InvalidEventError(`${name} must be a string, got ${JSON.stringify(value)}.`);
  }
  return value;
}
