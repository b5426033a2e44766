/**
 * Who may come in: bucket policy, public access block, object ownership, canned ACLs.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
import { AwsError } from "../../kit/aws-error.js";
import { child, childrenNamed, childText, type XmlContent } from "../../kit/xml.js";
import { aclNotSupported, isPublicAcl, isPublicPolicy, readCannedAcl, refuseGrants, statementsOf } from "../access.js";
import { ownerOf, type Operation, type S3Context } from "../context.js";
import { accessDenied, malformedXml, noSuchConfiguration, operationNotImplemented } from "../errors.js";
import type { S3Request } from "../request.js";
import type { BucketRow, CannedAcl, ObjectOwnership, PublicAccessBlock } from "../rows.js";
import { replaceVersion } from "../versions.js";
import { parseDocument, readDocument, readXml } from "../xml-body.js";
import { findObject, versionHeader } from "./get.js";

const MAX_POLICY_BYTES = 20 * 1024;

export const putBucketPolicy: Operation = async ({ store }, request) => {
  store.bucket(request.bucket);
  const policy = (await readDocument(request, MAX_POLICY_BYTES)).toString("utf8");
  checkPolicy(policy, request.bucket);
  await store.write(() => {
    const bucket = store.bucket(request.bucket);
    if (bucket.publicAccessBlock?.blockPublicPolicy === true && isPublicPolicy(policy)) {
      throw accessDenied(
        `User is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::${bucket.name}" because public policies are blocked by the BlockPublicPolicy block public access setting.`,
      );
    }
    store.putBucket({ ...bucket, policy });
  });
  return { status: 204 };
};

function checkPolicy(policy: string, bucket: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(policy);
  } catch (error) {
    throw new AwsError("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'", {
      cause: error,
    });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw malformedPolicy("Policies must be valid JSON and the first byte must be '{'");
  }
  const statements = statementsOf(policy);
  if (statements.length === 0) throw malformedPolicy("Missing required field Statement");
  for (const statement of statements) {
    if (typeof statement !== "object" || statement === null) throw malformedPolicy("Policy has invalid statement");
    if (statement.Effect !== "Allow" && statement.Effect !== "Deny")
      throw malformedPolicy(`Invalid effect: ${String(statement.Effect)}`);
    if (statement.Principal === undefined && !("NotPrincipal" in statement))
      throw malformedPolicy("Missing required field Principal");
    if (statement.Action === undefined && statement.NotAction === undefined)
      throw malformedPolicy("Missing required field Action");
    const resources = [statement.Resource ?? statement.NotResource].flat();
    const own = `arn:aws:s3:::${bucket}`;
    if (
      !resources.every(
        (resource) =>
          typeof resource === "string" && (resource === "*" || resource === own || resource.startsWith(`${own}/`)),
      )
    ) {
      throw malformedPolicy(
        statement.Resource === undefined && statement.NotResource === undefined
          ? "Missing required field Resource"
          : "Policy has invalid resource",
      );
    }
  }
}

function malformedPolicy(message: string): AwsError {
  return new AwsError("MalformedPolicy", message);
}

export const getBucketPolicy: Operation = ({ store }, request) => {
  const { policy } = requirePolicy(store.bucket(request.bucket));
  return { headers: { "Content-Type": "application/json" }, body: policy };
};

export const getBucketPolicyStatus: Operation = ({ store }, request) => {
  const { policy } = requirePolicy(store.bucket(request.bucket));
  return { xml: ["PolicyStatus", { IsPublic: isPublicPolicy(policy) ? "TRUE" : "FALSE" }] };
};

function requirePolicy(bucket: BucketRow): { readonly policy: string } {
  if (bucket.policy === undefined) {
    throw noSuchConfiguration("NoSuchBucketPolicy", "The bucket policy does not exist", bucket.name);
  }
  return { policy: bucket.policy };
}

export const deleteBucketPolicy: Operation = async ({ store }, request) => {
  await store.write(() => {
    const { policy: _dropped, ...bucket } = store.bucket(request.bucket);
    store.putBucket(bucket);
  });
  return { status: 204 };
};

const BLOCK_ELEMENTS: Readonly<Record<keyof PublicAccessBlock, string>> = {
  blockPublicAcls: "BlockPublicAcls",
  ignorePublicAcls: "IgnorePublicAcls",
  blockPublicPolicy: "BlockPublicPolicy",
  restrictPublicBuckets: "RestrictPublicBuckets",
};

export const putPublicAccessBlock: Operation = async ({ store }, request) => {
  store.bucket(request.bucket);
  const root = await readXml(request, "PublicAccessBlockConfiguration");
  const flag = (name: keyof PublicAccessBlock): boolean => {
    const text = childText(root, BLOCK_ELEMENTS[name])?.trim().toLowerCase() ?? "false";
    if (text !== "true" && text !== "false") throw malformedXml();
    return text === "true";
  };
  const publicAccessBlock: PublicAccessBlock = {
    blockPublicAcls: flag("blockPublicAcls"),
    ignorePublicAcls: flag("ignorePublicAcls"),
    blockPublicPolicy: flag("blockPublicPolicy"),
    restrictPublicBuckets: flag("restrictPublicBuckets"),
  };
  await store.write(() => {
    const bucket = store.bucket(request.bucket);
    store.putBucket({ ...bucket, publicAccessBlock });
  });
  return {};
};

export const getPublicAccessBlock: Operation = ({ store }, request) => {
  const { name, publicAccessBlock: block } = store.bucket(request.bucket);
  if (block === undefined) {
    throw noSuchConfiguration(
      "NoSuchPublicAccessBlockConfiguration",
      "The public access block configuration was not found",
      name,
    );
  }
  const shown = Object.entries(BLOCK_ELEMENTS).map(([member, element]) => [
    element,
    block[member as keyof PublicAccessBlock],
  ]);
  return { xml: ["PublicAccessBlockConfiguration", Object.fromEntries(shown) as Record<string, boolean>] };
};

export const deletePublicAccessBlock: Operation = async ({ store }, request) => {
  await store.write(() => {
    const { publicAccessBlock: _dropped, ...bucket } = store.bucket(request.bucket);
    store.putBucket(bucket);
  });
  return { status: 204 };
};

export const putBucketOwnershipControls: Operation = async ({ store }, request) => {
  store.bucket(request.bucket);
  const root = await readXml(request, "OwnershipControls");
  const rules = childrenNamed(root, "Rule");
  const ownership = rules[0] && childText(rules[0], "ObjectOwnership")?.trim();
  if (rules.length !== 1 || !isOwnership(ownership)) throw malformedXml();
  await store.write(() => {
    const bucket = store.bucket(request.bucket);
    if (ownership === "BucketOwnerEnforced" && bucket.acl !== "private") {
      throw new AwsError(
        "InvalidBucketAclWithObjectOwnership",
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
      );
    }
    const { ownershipUntold: _told, ...told } = bucket;
    store.putBucket({ ...told, ownership });
  });
  return {};
};

function isOwnership(text: string | undefined): text is ObjectOwnership {
  return text === "BucketOwnerEnforced" || text === "BucketOwnerPreferred" || text === "ObjectWriter";
}

export const getBucketOwnershipControls: Operation = ({ store }, request) => {
  const { name, ownership, ownershipUntold } = store.bucket(request.bucket);
  if (ownershipUntold === true)
    throw noSuchConfiguration("OwnershipControlsNotFoundError", "The bucket ownership controls were not found", name);
  return { xml: ["OwnershipControls", { Rule: { ObjectOwnership: ownership } }] };
};

/** Whoever writes an object owns it then, as in the buckets of old. */
export const deleteBucketOwnershipControls: Operation = async ({ store }, request) => {
  await store.write(() => {
    const bucket = store.bucket(request.bucket);
    store.putBucket({ ...bucket, ownership: "ObjectWriter", ownershipUntold: true });
  });
  return { status: 204 };
};

export const getBucketAcl: Operation = (context, request) => {
  return aclAnswer(context, context.store.bucket(request.bucket).acl);
};

export const getObjectAcl: Operation = (context, request) => {
  const { bucket, row } = findObject(context, request, "s3:GetObjectAcl");
  return { ...aclAnswer(context, row.acl ?? "private"), headers: versionHeader(bucket, row) };
};

export const putBucketAcl: Operation = async (context, request) => {
  const { store } = context;
  const acl = await readNewAcl(context, request, store.bucket(request.bucket));
  await store.write(() => {
    const bucket = store.bucket(request.bucket);
    store.putBucket({ ...bucket, acl });
  });
  return {};
};

export const putObjectAcl: Operation = async (context, request) => {
  const { store } = context;
  const acl = await readNewAcl(context, request, store.bucket(request.bucket));
  return store.write(() => {
    const { bucket, key, row } = findObject(context, request, "s3:PutObjectAcl");
    replaceVersion(store, bucket.name, key, { ...row, acl });
    return { headers: versionHeader(bucket, row) };
  });
};

const ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
/** By the grants besides the owner's. */
const CANNED_BY_GRANTS: ReadonlyMap<string, CannedAcl> = new Map([
  ["", "private"],
  [`${ALL_USERS} READ`, "public-read"],
  [`${ALL_USERS} READ,${ALL_USERS} WRITE`, "public-read-write"],
  [`${AUTHENTICATED_USERS} READ`, "authenticated-read"],
]);

async function readNewAcl(context: S3Context, request: S3Request, bucket: BucketRow): Promise<CannedAcl> {
  const canned = readCannedAcl(request);
  if (bucket.ownership === "BucketOwnerEnforced") {
    // What says no more than that the owner owns it, in either form, changes nothing and is let through.
    const acl =
      canned ?? ((await readGrants(context, request)) === "private" ? "bucket-owner-full-control" : undefined);
    if (acl !== "bucket-owner-full-control") throw aclNotSupported();
    return "private";
  }
  refuseGrants(request);
  const acl = canned ?? (await readGrants(context, request));
  if (acl === undefined)
    throw operationNotImplemented(
      request.key === "" ? "PutBucketAcl with other grants" : "PutObjectAcl with other grants",
    );
  if (isPublicAcl(acl) && bucket.publicAccessBlock?.blockPublicAcls === true) throw accessDenied();
  return acl;
}

/** The canned ACL that a list of grants comes to; undefined when it is none. Tools copy lists that they have read. */
async function readGrants({ realm }: S3Context, request: S3Request): Promise<CannedAcl | undefined> {
  const document = await readDocument(request);
  if (document.length === 0) return undefined;
  const list = child(parseDocument(document, "AccessControlPolicy"), "AccessControlList");
  if (list === undefined) throw malformedXml();
  const grants = childrenNamed(list, "Grant").map((grant) => {
    const grantee = child(grant, "Grantee");
    const whom = grantee && (childText(grantee, "URI") ?? childText(grantee, "ID"));
    const permission = childText(grant, "Permission")?.trim();
    if (whom === undefined || permission === undefined) throw malformedXml();
    return `${whom.trim()} ${permission}`;
  });
  return CANNED_BY_GRANTS.get(
    grants
      .filter((grant) => grant !== `${ownerOf(realm).ID} FULL_CONTROL`)
      .sort()
      .join(),
  );
}

function aclAnswer({ realm }: S3Context, acl: CannedAcl): { xml: readonly [string, XmlContent] } {
  const owner = ownerOf(realm);
  const grantee = (type: string, member: Record<string, string>): XmlContent => ({
    "@xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "@xsi:type": type,
    ...member,
  });
  const grants: XmlContent[] = [{ Grantee: grantee("CanonicalUser", owner), Permission: "FULL_CONTROL" }];
  const open = (uri: string, permission: string): number =>
    grants.push({ Grantee: grantee("Group", { URI: uri }), Permission: permission });
  if (acl === "public-read" || acl === "public-read-write") open(ALL_USERS, "READ");
  if (acl === "public-read-write") open(ALL_USERS, "WRITE");
  if (acl === "authenticated-read") open(AUTHENTICATED_USERS, "READ");
  return { xml: ["AccessControlPolicy", { Owner: owner, AccessControlList: { Grant: grants } }] };
}
