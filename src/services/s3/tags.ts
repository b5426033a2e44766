/**
 * Tag sets of buckets and objects, from XML and from `x-amz-tagging`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 */
import { AwsError } from "../kit/aws-error.js";
import { child, childText, childrenNamed, type XmlElement } from "../kit/xml.js";
import { invalidArgument, invalidTag, malformedXml } from "./errors.js";
import type { Tags } from "./rows.js";

const MAX_TAGS = { object: 10, bucket: 50 } as const;
const MAX_TAG_KEY_LENGTH = 128;
const MAX_TAG_VALUE_LENGTH = 256;
/** Letters, spaces and digits of any script, and `_ . : / = + - @`. */
const TAG_CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

export function parseTagging(root: XmlElement, kind: "object" | "bucket"): Tags {
  const set = root.name === "Tagging" ? child(root, "TagSet") : undefined;
  if (set === undefined) throw malformedXml();
  const pairs = childrenNamed(set, "Tag").map((tag): [string, string] => {
    const key = childText(tag, "Key");
    const value = childText(tag, "Value");
    if (key === undefined || value === undefined) throw malformedXml();
    return [key, value];
  });
  return checkTags(pairs, kind);
}

export function parseTaggingHeader(header: string | undefined): Tags {
  if (header === undefined || header === "") return {};
  const pairs = header.split("&").map((pair): [string, string] => {
    const [key = "", value = "", ...more] = pair.split("=");
    if (key === "" || more.length > 0) throw malformedTagging(header);
    return [decode(key, header), decode(value, header)];
  });
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw malformedTagging(header);
  return checkTags(pairs, "object");
}

function decode(text: string, header: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw malformedTagging(header);
  }
}

function malformedTagging(header: string): AwsError {
  return invalidArgument(
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
    "x-amz-tagging",
    header,
  );
}

function checkTags(pairs: readonly [string, string][], kind: "object" | "bucket"): Tags {
  if (pairs.length > MAX_TAGS[kind]) {
    throw new AwsError(
      "BadRequest",
      kind === "object"
        ? `Object tags cannot be greater than ${MAX_TAGS.object}`
        : `Bucket tag count cannot be greater than ${MAX_TAGS.bucket}`,
    );
  }
  const tags: Record<string, string> = {};
  for (const [key, value] of pairs) {
    if (Object.hasOwn(tags, key)) throw invalidTag("Cannot provide multiple Tags with the same key", key);
    if (key.startsWith("aws:")) throw invalidTag("System tags cannot be added/updated by requester", key);
    if (key.length === 0 || key.length > MAX_TAG_KEY_LENGTH || !TAG_CHARACTERS.test(key)) {
      throw invalidTag("The TagKey you have provided is invalid", key);
    }
    if (value.length > MAX_TAG_VALUE_LENGTH || !TAG_CHARACTERS.test(value)) {
      throw invalidTag("The TagValue you have provided is invalid", key);
    }
    // Not an assignment: a tag may be called __proto__.
    Object.defineProperty(tags, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return tags;
}

export function tagSetContent(tags: Tags): { Tag: { Key: string; Value: string }[] } {
  return { Tag: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}
