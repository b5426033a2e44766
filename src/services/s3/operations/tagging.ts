/**
 * Tags of objects and buckets.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 */
import { tell, type Operation, type S3Context } from "../context.js";
import { noSuchConfiguration } from "../errors.js";
import type { S3Request } from "../request.js";
import type { Answer } from "../respond.js";
import type { Tags } from "../rows.js";
import { parseTagging, tagSetContent } from "../tags.js";
import { replaceVersion } from "../versions.js";
import { readXml } from "../xml-body.js";
import { findObject, versionHeader } from "./get.js";

export const getObjectTagging: Operation = (context, request) => {
  const { bucket, row } = findObject(context, request, "s3:GetObjectTagging");
  return { headers: versionHeader(bucket, row), xml: ["Tagging", { TagSet: tagSetContent(row.tags) }] };
};

export const putObjectTagging: Operation = async (context, request) => {
  findObject(context, request, "s3:PutObjectTagging");
  const tags = parseTagging(await readXml(request, "Tagging"), "object");
  return setTags(context, request, tags, "Put", 200);
};

export const deleteObjectTagging: Operation = (context, request) => setTags(context, request, {}, "Delete", 204);

async function setTags(
  context: S3Context,
  request: S3Request,
  tags: Tags,
  action: "Put" | "Delete",
  status: number,
): Promise<Answer> {
  const { store } = context;
  const { bucket, row, seq } = await store.write(() => {
    const found = findObject(context, request, `s3:${action}ObjectTagging`);
    replaceVersion(store, found.bucket.name, found.key, { ...found.row, tags });
    return { ...found, seq: store.nextSeq() };
  });
  tell(context, request, "ObjectTagged", bucket, {
    key: request.key,
    action,
    seq,
    timeMs: context.clock.now(),
    eTag: row.eTag,
    versionId: row.versionId,
  });
  return { status, headers: versionHeader(bucket, row) };
}

export const getBucketTagging: Operation = ({ store }, request) => {
  const { name, tags } = store.bucket(request.bucket);
  if (tags === undefined) throw noSuchConfiguration("NoSuchTagSet", "The TagSet does not exist", name);
  return { xml: ["Tagging", { TagSet: tagSetContent(tags) }] };
};

export const putBucketTagging: Operation = async ({ store }, request) => {
  store.bucket(request.bucket);
  const tags = parseTagging(await readXml(request, "Tagging"), "bucket");
  await store.write(() => {
    const bucket = store.bucket(request.bucket);
    store.putBucket({ ...bucket, tags });
  });
  return { status: 204 };
};

export const deleteBucketTagging: Operation = async ({ store }, request) => {
  await store.write(() => {
    const { tags: _dropped, ...bucket } = store.bucket(request.bucket);
    store.putBucket(bucket);
  });
  return { status: 204 };
};
