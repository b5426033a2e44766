/**
 * The signed policy of an upload by form: who made it, until when it holds, and what it allows.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { AwsError } from "../kit/aws-error.js";
import type { Caller } from "../service.js";
import type { S3Context } from "./context.js";
import { accessDenied, invalidArgument } from "./errors.js";

type Fields = ReadonlyMap<string, string>;

export interface LengthRange {
  readonly min: number;
  readonly max: number;
}

/** Fields that a policy need not name. */
const FREE_FIELDS = new Set(["policy", "x-amz-signature", "signature", "awsaccesskeyid", "file"]);

/** Who signed the form; undefined when it carries no policy. Throws when the signature is wrong. */
export function verifySignature(context: S3Context, fields: Fields): Caller | undefined {
  const policy = fields.get("policy");
  if (policy === undefined) return undefined;
  const credential = fields.get("x-amz-credential");
  const accessKeyId = credential === undefined ? fields.get("awsaccesskeyid") : credential.split("/")[0];
  const signature = fields.get(credential === undefined ? "signature" : "x-amz-signature");
  if (accessKeyId === undefined || signature === undefined) {
    throw invalidArgument("Bucket POST must contain a field named 'signature'.", "signature", "");
  }
  const found = context.credentials.secretFor(accessKeyId, fields.get("x-amz-security-token"));
  if (found.status !== "ok") {
    throw new AwsError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", {
      statusCode: 403,
      members: { AWSAccessKeyId: accessKeyId },
    });
  }
  const expected =
    credential === undefined
      ? createHmac("sha1", found.secretAccessKey).update(policy).digest("base64")
      : v4Signature(found.secretAccessKey, credential, policy);
  const [a, b] = [Buffer.from(expected), Buffer.from(signature)];
  if (a.length !== b.length || !timingSafeEqual(a, b)) {
    throw new AwsError(
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
      { statusCode: 403, members: { AWSAccessKeyId: accessKeyId, StringToSign: policy, SignatureProvided: signature } },
    );
  }
  return found.caller;
}

function v4Signature(secret: string, credential: string, policy: string): string {
  const [, date = "", region = "", service = "", terminal = ""] = credential.split("/");
  const key = [date, region, service, terminal].reduce<Buffer>(
    (signingKey, part) => createHmac("sha256", signingKey).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  return createHmac("sha256", key).update(policy).digest("hex");
}

/** Throws AccessDenied when the policy does not allow this form; gives the bounds of the file's size. */
export function checkPolicy(encoded: string, fields: Fields, bucket: string, nowMs: number): LengthRange {
  const { expiration, conditions } = parsePolicy(encoded);
  const expiresMs = Date.parse(expiration);
  if (Number.isNaN(expiresMs)) throw invalidPolicy(`Invalid 'expiration' value: '${expiration}'`);
  if (expiresMs <= nowMs) throw accessDenied("Invalid according to Policy: Policy expired.");
  let range: LengthRange = { min: 0, max: Number.MAX_SAFE_INTEGER };
  const named = new Set(FREE_FIELDS);
  for (const condition of conditions.flatMap(toTriples)) {
    const [operator, name, value] = condition;
    if (operator === "content-length-range") {
      range = { min: Number(name), max: Number(value) };
      continue;
    }
    const field = String(name).replace(/^\$/, "").toLowerCase();
    named.add(field);
    const actual = field === "bucket" ? bucket : (fields.get(field) ?? "");
    const holds = operator === "eq" ? actual === value : operator === "starts-with" && actual.startsWith(String(value));
    if (!holds) {
      throw accessDenied(
        `Invalid according to Policy: Policy Condition failed: ${JSON.stringify(condition).replaceAll(",", ", ")}`,
      );
    }
  }
  const extra = [...fields.keys()].filter(
    (name) => !named.has(name) && !name.startsWith("x-ignore-") && name !== "bucket",
  );
  if (extra.length > 0) throw accessDenied(`Invalid according to Policy: Extra input fields: ${extra.join(", ")}`);
  return range;
}

type Triple = readonly [operator: string, name: unknown, value: unknown];

function toTriples(condition: unknown): Triple[] {
  if (Array.isArray(condition) && condition.length === 3) {
    const [operator, name, value] = condition as unknown[];
    return [[String(operator).toLowerCase(), name, value]];
  }
  if (typeof condition === "object" && condition !== null && !Array.isArray(condition)) {
    return Object.entries(condition).map(([name, value]): Triple => ["eq", `$${name}`, value]);
  }
  throw invalidPolicy("Invalid Condition");
}

function parsePolicy(encoded: string): { expiration: string; conditions: readonly unknown[] } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
  } catch (error) {
    throw new AwsError("InvalidPolicyDocument", "Invalid Policy: Invalid JSON.", { cause: error });
  }
  const { expiration, conditions } = (parsed ?? {}) as { expiration?: unknown; conditions?: unknown };
  if (typeof expiration !== "string") throw invalidPolicy("Policy missing expiration.");
  if (!Array.isArray(conditions)) throw invalidPolicy("Policy missing conditions.");
  return { expiration, conditions };
}

function invalidPolicy(detail: string): AwsError {
  return new AwsError("InvalidPolicyDocument", `Invalid Policy: ${detail}`);
}
