/**
 * POST Object: the upload of a browser's form.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
import { openPayload } from "../../kit/payload.js";
import { AwsError } from "../../kit/aws-error.js";
import { authorize } from "../access.js";
import { MAX_PUT_BYTES, takeIn } from "../body-in.js";
import { UNCONDITIONAL } from "../conditions.js";
import type { Operation, S3Context } from "../context.js";
import { readDescription } from "../description.js";
import { entityTooLarge, invalidArgument, missingContentLength } from "../errors.js";
import { boundaryOf, openForm, type Form } from "../form-data.js";
import { DEFAULT_ALGORITHM } from "../integrity.js";
import { keyBytes } from "../keys.js";
import { checkPolicy, verifySignature, type LengthRange } from "../post-policy.js";
import type { S3Request } from "../request.js";
import { quoted, type Answer } from "../respond.js";
import type { ObjectRow } from "../rows.js";
import { announceCreated, checksumOf, newVersionHeader, storeObject } from "./put.js";

export const postObject: Operation = async (context, request) => {
  const bucket = context.store.bucket(request.bucket);
  const boundary = boundaryOf(request.raw.headers["content-type"]);
  if (boundary === undefined) {
    throw new AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", {
      statusCode: 412,
      members: { Condition: "Bucket POST must be of the enclosure-type multipart/form-data" },
    });
  }
  const payload = openPayload(request.raw);
  if (payload.length === undefined) throw missingContentLength();
  const form = await openForm(payload, boundary);
  const upload = asPut(context, request, form);
  authorize(upload, "s3:PutObject", bucket);
  const policy = form.fields.get("policy");
  const range = policy === undefined ? undefined : checkPolicy(policy, form.fields, bucket.name, context.clock.now());
  const key = keyBytes(upload.key);
  const description = readDescription(upload, bucket);
  const source = {
    length: payload.length,
    exact: false,
    [Symbol.asyncIterator]: () => form.file[Symbol.asyncIterator](),
  };
  const body = await takeIn(context.store, source, [DEFAULT_ALGORITHM]);
  try {
    checkLength(body.size, range);
    const checksum = checksumOf(body.digests, DEFAULT_ALGORITHM);
    const { row, bucket: written } = await storeObject(
      context,
      upload,
      key,
      body,
      description,
      checksum,
      UNCONDITIONAL,
    );
    announceCreated(context, upload, written, row, "Post");
    return answer(upload, form, row, newVersionHeader(written, row));
  } finally {
    await body.discard();
  }
};

/** The form as if its fields had come as headers of a PUT, signed by whoever signed the policy. */
function asPut(context: S3Context, request: S3Request, form: Form): S3Request {
  const caller = verifySignature(context, form.fields);
  const template = form.fields.get("key");
  if (template === undefined || template === "")
    throw invalidArgument(
      "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
      "key",
      "",
    );
  const fields = new Map(form.fields);
  const acl = fields.get("acl");
  if (acl !== undefined) fields.set("x-amz-acl", acl);
  if (!fields.has("content-type") && form.fileType !== undefined) fields.set("content-type", form.fileType);
  return {
    ...request,
    raw: { ...request.raw, caller },
    key: template.replaceAll("${filename}", () => form.fileName),
    header: (name) => (name === "x-amz-tagging" ? undefined : fields.get(name)),
    headersFrom: (prefix) =>
      Object.fromEntries(
        [...fields]
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, value]) => [name.slice(prefix.length), value]),
      ),
  };
}

function checkLength(size: number, range: LengthRange | undefined): void {
  const max = Math.min(range?.max ?? MAX_PUT_BYTES, MAX_PUT_BYTES);
  if (size > max) throw entityTooLarge(size, max);
  if (range !== undefined && size < range.min) {
    throw new AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", {
      members: { ProposedSize: size, MinSizeAllowed: range.min },
    });
  }
}

function answer(
  request: S3Request,
  form: Form,
  row: ObjectRow,
  versionHeader: Record<string, string | number>,
): Answer {
  const location = `${request.raw.endpoint}/${request.bucket}/${request.key.split("/").map(encodeURIComponent).join("/")}`;
  const headers = { ETag: quoted(row.eTag), Location: location, ...versionHeader };
  const redirect = form.fields.get("success_action_redirect") ?? form.fields.get("redirect");
  if (redirect !== undefined && URL.canParse(redirect)) {
    const url = new URL(redirect);
    url.searchParams.append("bucket", request.bucket);
    url.searchParams.append("key", request.key);
    url.searchParams.append("etag", quoted(row.eTag));
    return { status: 303, headers: { ...headers, Location: url.href } };
  }
  const status = form.fields.get("success_action_status");
  if (status === "201") {
    const content = { Location: location, Bucket: request.bucket, Key: request.key, ETag: quoted(row.eTag) };
    return { status: 201, headers, xml: ["PostResponse", content] };
  }
  return { status: status === "200" ? 200 : 204, headers };
}
