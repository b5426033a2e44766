/**
 * Who may do what. A signed caller owns the account and may do everything; an anonymous one what a bucket policy or a
 * canned ACL opens to the public.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html
 */
import { AwsError } from "../kit/aws-error.js";
import { accessDenied, invalidArgument } from "./errors.js";
import type { S3Request } from "./request.js";
import type { BucketRow, CannedAcl, ObjectRow } from "./rows.js";

const CANNED_ACLS = new Set<string>([
  "private",
  "public-read",
  "public-read-write",
  "authenticated-read",
  "bucket-owner-read",
  "bucket-owner-full-control",
] satisfies CannedAcl[]);
const PUBLIC_ACLS = new Set<string>(["public-read", "public-read-write", "authenticated-read"]);

/** `x-amz-acl` of a request, checked; undefined when there is none. */
export function readCannedAcl(request: S3Request): CannedAcl | undefined {
  const acl = request.header("x-amz-acl");
  if (acl === undefined) return undefined;
  if (!CANNED_ACLS.has(acl)) throw invalidArgument("", "x-amz-acl", acl);
  return acl as CannedAcl;
}

export function refuseGrants(request: S3Request): void {
  const [grant] = Object.keys(request.headersFrom("x-amz-grant-"));
  if (grant !== undefined) {
    throw new AwsError(
      "NotImplemented",
      "Explicit grants are not emulated by lambda-run; use a canned ACL or a bucket policy.",
      {
        statusCode: 501,
        members: { Header: `x-amz-grant-${grant}` },
      },
    );
  }
}

/** An object's ACL, if the bucket lets objects have one. */
export function checkObjectAcl(request: S3Request, bucket: BucketRow): CannedAcl | undefined {
  const acl = readCannedAcl(request);
  if (bucket.ownership === "BucketOwnerEnforced") {
    const grants = Object.keys(request.headersFrom("x-amz-grant-"));
    // AWS lets the ACLs through that say what holds anyway.
    if ((acl !== undefined && acl !== "private" && acl !== "bucket-owner-full-control") || grants.length > 0)
      throw aclNotSupported();
    return undefined;
  }
  refuseGrants(request);
  if (acl !== undefined && PUBLIC_ACLS.has(acl) && bucket.publicAccessBlock?.blockPublicAcls === true)
    throw accessDenied();
  return acl;
}

export function isPublicAcl(acl: CannedAcl): boolean {
  return PUBLIC_ACLS.has(acl);
}

export function aclNotSupported(): AwsError {
  return new AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs");
}

/** Throws AccessDenied when the caller is anonymous and nothing opens the resource to the public. */
export function authorize(request: S3Request, action: string, bucket: BucketRow | undefined, object?: ObjectRow): void {
  if (request.raw.caller !== undefined) return;
  if (bucket === undefined) throw accessDenied();
  const block = bucket.publicAccessBlock;
  const byPolicy = bucket.policy === undefined ? "none" : evaluatePolicy(bucket.policy, action, request);
  if (byPolicy === "deny") throw accessDenied();
  if (byPolicy === "allow" && block?.restrictPublicBuckets !== true) return;
  if (
    block?.ignorePublicAcls !== true &&
    bucket.ownership !== "BucketOwnerEnforced" &&
    allowedByAcl(bucket, action, object)
  )
    return;
  throw accessDenied();
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl */
function allowedByAcl(bucket: BucketRow, action: string, object: ObjectRow | undefined): boolean {
  const readable = (acl: CannedAcl | undefined): boolean => acl === "public-read" || acl === "public-read-write";
  switch (action) {
    case "s3:GetObject":
    case "s3:GetObjectVersion":
      return readable(object?.acl);
    case "s3:ListBucket":
    case "s3:ListBucketVersions":
    case "s3:ListBucketMultipartUploads":
      return readable(bucket.acl);
    case "s3:PutObject":
    case "s3:DeleteObject":
      return bucket.acl === "public-read-write";
    default:
      return false;
  }
}

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Condition?: unknown;
}

export function statementsOf(policy: string): readonly Statement[] {
  const { Statement: statements } = JSON.parse(policy) as { Statement?: Statement | Statement[] };
  return statements === undefined ? [] : [statements].flat();
}

function evaluatePolicy(policy: string, action: string, request: S3Request): "allow" | "deny" | "none" {
  const resource = `arn:aws:s3:::${request.bucket}${request.key === "" ? "" : `/${request.key}`}`;
  let outcome: "allow" | "none" = "none";
  for (const statement of statementsOf(policy)) {
    if (
      !isEverybody(statement.Principal) ||
      !matchesAny(statement.Action, action) ||
      !matchesAny(statement.Resource, resource)
    )
      continue;
    if (statement.Effect === "Deny") {
      // Everything here comes over loopback without TLS: a rule against that must not bite.
      if (!onlyAboutTransport(statement.Condition)) return "deny";
    } else if (statement.Condition === undefined) {
      outcome = "allow";
    }
  }
  return outcome;
}

/** Whether a policy opens something to everybody, as BlockPublicPolicy judges it. */
export function isPublicPolicy(policy: string): boolean {
  return statementsOf(policy).some(
    (statement) =>
      statement.Effect === "Allow" && isEverybody(statement.Principal) && statement.Condition === undefined,
  );
}

function isEverybody(principal: unknown): boolean {
  if (principal === "*") return true;
  if (typeof principal !== "object" || principal === null || !("AWS" in principal)) return false;
  return [principal.AWS].flat().includes("*");
}

function onlyAboutTransport(condition: unknown): boolean {
  if (typeof condition !== "object" || condition === null) return false;
  const keys = Object.values(condition).flatMap((test: unknown) => Object.keys(test ?? {}));
  return keys.length > 0 && keys.every((key) => key.toLowerCase() === "aws:securetransport");
}

function matchesAny(patterns: unknown, text: string): boolean {
  return [patterns].flat().some((pattern) => typeof pattern === "string" && wildcardMatches(pattern, text));
}

/** `*` and `?`, as IAM has them; one pass, going back to the last `*` only. */
export function wildcardMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
