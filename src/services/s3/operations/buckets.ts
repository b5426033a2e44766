/**
 * Buckets themselves: create, head, delete, list, location, versioning.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
import { AwsError } from "../../kit/aws-error.js";
import { child, childText } from "../../kit/xml.js";
import { isPublicAcl, readCannedAcl, refuseGrants } from "../access.js";
import { ownerOf, type Operation } from "../context.js";
import {
  bucketAlreadyOwnedByYou,
  bucketNotEmpty,
  headerNotImplemented,
  invalidArgument,
  invalidBucketName,
  malformedXml,
} from "../errors.js";
import { decodeToken, encodeToken, isValidBucketName } from "../keys.js";
import { numberParameter, type S3Request } from "../request.js";
import { isoTime } from "../respond.js";
import type { BucketRow, ObjectOwnership, PublicAccessBlock } from "../rows.js";
import { removeAllUploads } from "../uploads.js";
import { parseTagging } from "../tags.js";
import { parseDocument, readDocument, readXml } from "../xml-body.js";

/** Where creating an existing bucket of one's own is no error. */
const FIRST_REGION = "us-east-1";
const OWNERSHIPS = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"];
/** What AWS gives to new buckets since April 2023. */
const ALL_BLOCKED: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};

export function newBucket(name: string, region: string, createdMs: number): BucketRow {
  return { name, createdMs, region, ownership: "BucketOwnerEnforced", acl: "private", publicAccessBlock: ALL_BLOCKED };
}

export const createBucket: Operation = async (context, request) => {
  const { store, clock, realm } = context;
  const name = request.bucket;
  if (!isValidBucketName(name)) throw invalidBucketName(name);
  if (request.header("x-amz-bucket-object-lock-enabled")?.toLowerCase() === "true") {
    throw headerNotImplemented("x-amz-bucket-object-lock-enabled", "Object Lock is not emulated by lambda-run.");
  }
  const ownership = readOwnership(request);
  const acl = readCannedAcl(request);
  refuseGrants(request);
  if (acl !== undefined && acl !== "private" && ownership === "BucketOwnerEnforced") {
    throw new AwsError(
      "InvalidBucketAclWithObjectOwnership",
      "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    );
  }
  const document = await readDocument(request);
  const { region, tags } = readConfiguration(document, realm.region);
  const headers = { Location: `/${name}` };
  await store.write(() => {
    const existing = store.findBucket(name);
    if (existing !== undefined) {
      if (existing.region !== FIRST_REGION) throw bucketAlreadyOwnedByYou(name);
      return;
    }
    // The public ACL that a client may ask for comes to nothing before it lifts the block, as on AWS.
    if (acl !== undefined && isPublicAcl(acl)) throw new AwsError("AccessDenied", "Access Denied", { statusCode: 403 });
    store.putBucket({
      ...newBucket(name, region, clock.now()),
      ownership,
      acl: acl ?? "private",
      ...tags,
    });
  });
  return { headers };
};

function readOwnership(request: S3Request): ObjectOwnership {
  const ownership = request.header("x-amz-object-ownership") ?? "BucketOwnerEnforced";
  if (!OWNERSHIPS.includes(ownership)) {
    throw invalidArgument(`Invalid x-amz-object-ownership header: ${ownership}`, "x-amz-object-ownership");
  }
  return ownership as ObjectOwnership;
}

/** Any region may be named: a stack lives in one, but its buckets may say they are elsewhere. */
function readConfiguration(document: Buffer, ownRegion: string): { region: string; tags: Pick<BucketRow, "tags"> } {
  if (document.length === 0) return { region: ownRegion, tags: {} };
  const root = parseDocument(document, "CreateBucketConfiguration");
  const tagElement = child(root, "Tags");
  const tags =
    tagElement === undefined
      ? {}
      : { tags: parseTagging({ name: "Tagging", text: "", children: [{ ...tagElement, name: "TagSet" }] }, "bucket") };
  if (child(root, "Bucket") !== undefined || child(root, "Location") !== undefined) {
    throw headerNotImplemented("CreateBucketConfiguration", "Directory buckets are not emulated by lambda-run.");
  }
  const constraint = childText(root, "LocationConstraint") ?? "";
  if (constraint === "") return { region: ownRegion, tags };
  if (constraint === FIRST_REGION || !/^(?:EU|[a-z]{2}(?:-[a-z]+)+-\d)$/.test(constraint)) {
    throw new AwsError("InvalidLocationConstraint", "The specified location-constraint is not valid", {
      members: { LocationConstraint: constraint },
    });
  }
  return { region: constraint === "EU" ? "eu-west-1" : constraint, tags };
}

export const headBucket: Operation = (context, request) => {
  const { region } = context.store.bucket(request.bucket);
  return {
    headers: { "x-amz-bucket-region": region, "x-amz-access-point-alias": "false", "Content-Type": "application/xml" },
  };
};

export const deleteBucket: Operation = async ({ store }, request) => {
  await store.write((abandon) => {
    const bucket = store.bucket(request.bucket);
    if (store.hasObjects(bucket.name) || store.hasVersions(bucket.name)) {
      throw bucketNotEmpty(bucket.name, bucket.versioning !== undefined);
    }
    removeAllUploads(store, bucket.name, abandon);
    store.removeBucket(bucket.name);
  });
  return { status: 204 };
};

const MAX_BUCKETS = 10_000;

export const listBuckets: Operation = (context, request) => {
  const { store } = context;
  const max = Math.min(numberParameter(request, "max-buckets", "maxBuckets", MAX_BUCKETS), MAX_BUCKETS);
  if (max < 1)
    throw invalidArgument("Argument maxBuckets must be an integer between 1 and 10000", "maxBuckets", String(max));
  const prefix = request.query.get("prefix") ?? "";
  const region = request.query.get("bucket-region");
  const token = request.query.get("continuation-token");
  const from = token === undefined ? "" : decodeToken(token)?.toString("utf8");
  if (from === undefined) throw invalidArgument("The continuation token provided is incorrect", "continuation-token");
  const page: BucketRow[] = [];
  let next: string | undefined;
  for (const bucket of store.bucketsFrom(from > prefix ? from : prefix)) {
    if (!bucket.name.startsWith(prefix)) break;
    if (region !== undefined && bucket.region !== region) continue;
    if (page.length === max) {
      next = encodeToken(Buffer.from(bucket.name, "utf8"));
      break;
    }
    page.push(bucket);
  }
  const paginated = request.query.has("max-buckets") || region !== undefined;
  return {
    xml: [
      "ListAllMyBucketsResult",
      {
        Owner: ownerOf(context.realm),
        Buckets: {
          Bucket: page.map((bucket) => ({
            Name: bucket.name,
            CreationDate: isoTime(bucket.createdMs),
            BucketRegion: paginated ? bucket.region : undefined,
          })),
        },
        ContinuationToken: next,
        Prefix: prefix === "" ? undefined : prefix,
      },
    ],
  };
};

export const getBucketLocation: Operation = (context, request) => {
  const { region } = context.store.bucket(request.bucket);
  return { xml: ["LocationConstraint", region === FIRST_REGION ? "" : region] };
};

export const putBucketVersioning: Operation = async ({ store }, request) => {
  store.bucket(request.bucket);
  const root = await readXml(request, "VersioningConfiguration");
  const status = childText(root, "Status")?.trim();
  if (childText(root, "MfaDelete")?.trim() === "Enabled")
    throw headerNotImplemented("x-amz-mfa", "MFA delete is not emulated by lambda-run.");
  if (status === undefined) {
    throw new AwsError("IllegalVersioningConfigurationException", "The Versioning element must be specified");
  }
  if (status !== "Enabled" && status !== "Suspended") throw malformedXml();
  await store.write(() => {
    const bucket = store.bucket(request.bucket);
    store.putBucket({ ...bucket, versioning: status });
  });
  return {};
};

export const getBucketVersioning: Operation = ({ store }, request) => {
  return { xml: ["VersioningConfiguration", { Status: store.bucket(request.bucket).versioning }] };
};
