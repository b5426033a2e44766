/** The objects that S3 announces: every record, keys decoded. AWS: "Event message structure", S3 user guide. */
import { RequestError } from "../shared/errors.js";
import { isFields } from "../shared/json.js";

export interface AnnouncedObject {
  readonly bucket: string;
  readonly key: string;
}

export function readNotification(event: unknown): AnnouncedObject[] {
  if (!isFields(event)) throw malformed("it is no JSON object");
  // S3 tries each new notification configuration with a message of this kind.
  if (event["Event"] === "s3:TestEvent") return [];
  if (!Array.isArray(event["Records"])) throw malformed("it has no Records");
  const objects = new Map<string, AnnouncedObject>();
  for (const record of event["Records"] as readonly unknown[]) {
    const s3 = isFields(record) && record["eventSource"] === "aws:s3" && isFields(record["s3"]) ? record["s3"] : {};
    const bucket = isFields(s3["bucket"]) ? s3["bucket"]["name"] : undefined;
    const key = isFields(s3["object"]) ? s3["object"]["key"] : undefined;
    if (typeof bucket !== "string" || typeof key !== "string") throw malformed("a record names no bucket and key");
    objects.set(`${bucket}/${key}`, { bucket, key: decodeKey(key) });
  }
  return [...objects.values()];
}

/** Keys in notifications are form-encoded: a space is `+`. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    throw malformed(`the key ${key} is not URL-encoded`);
  }
}

const malformed = (why: string): RequestError =>
  new RequestError(400, "ValidationError", `the event is no notification of S3: ${why}`);
