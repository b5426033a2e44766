/**
 * What a queue message announces: S3's notification as JSON text in the body, every record of it.
 * AWS: "Event message structure", S3 user guide.
 */
import { MalformedMessageError } from "./errors.js";

export interface AnnouncedObject {
  readonly bucket: string;
  /** Decoded. */
  readonly key: string;
  readonly sizeBytes: number | undefined;
  readonly eTag: string | undefined;
  readonly versionId: string | undefined;
  /** Tells one write of a key from the next. */
  readonly sequencer: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Empty for what asks for nothing: S3's test message, deletions. Throws MalformedMessageError. */
export function readNotification(body: string): AnnouncedObject[] {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch (cause) {
    throw new MalformedMessageError("the body is not JSON", { cause });
  }
  if (!isObject(message)) throw new MalformedMessageError("the body is not a JSON object");
  // S3 tries each new notification configuration with a message of this kind.
  if (message["Event"] === "s3:TestEvent") return [];
  const records = message["Records"];
  if (!Array.isArray(records)) throw new MalformedMessageError("the notification has no Records");
  return (records as readonly unknown[]).flatMap((record) => readRecord(record) ?? []);
}

function readRecord(record: unknown): AnnouncedObject | undefined {
  if (!isObject(record) || record["eventSource"] !== "aws:s3") throw new MalformedMessageError("a record is not S3's");
  const name = record["eventName"];
  if (typeof name !== "string") throw new MalformedMessageError("a record has no eventName");
  if (!name.startsWith("ObjectCreated:")) return undefined;
  const s3 = isObject(record["s3"]) ? record["s3"] : {};
  const bucket = isObject(s3["bucket"]) ? s3["bucket"]["name"] : undefined;
  const object = isObject(s3["object"]) ? s3["object"] : {};
  if (typeof bucket !== "string" || bucket === "" || typeof object["key"] !== "string" || object["key"] === "") {
    throw new MalformedMessageError("a record names no bucket and key");
  }
  return {
    bucket,
    key: decodeKey(object["key"]),
    sizeBytes: typeof object["size"] === "number" ? object["size"] : undefined,
    eTag: text(object["eTag"]),
    versionId: text(object["versionId"]),
    sequencer: text(object["sequencer"]),
  };
}

/** Keys in notifications are form-encoded: a space is `+`. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch (cause) {
    throw new MalformedMessageError("a key is not URL-encoded", { cause });
  }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
