/**
 * Verifies AWS Signature Version 2 for S3: `Authorization: AWS key:signature` (s3cmd --signature-v2) and URLs with
 * `AWSAccessKeyId`, `Expires` and `Signature` (boto3 and aws-cli v1 presign so in us-east-1).
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
 */
import { createHmac } from "node:crypto";
import type { Clock } from "../../shared/clock.js";
import type { Caller } from "../service.js";
import * as refusal from "./auth-refusal.js";
import type { HttpMessage } from "./canonical-request.js";
import type { Credentials } from "./credentials.js";
import { sameText } from "./same-text.js";
import { nearestNow, SKEW_MS } from "./skew.js";

interface V2Request extends HttpMessage {
  /** The path in path style: in this version the bucket is signed, whether it stands in the path or in the host. */
  readonly resource: string;
}

export interface V2Verifier {
  /** Throws `AuthRefusal`. */
  header(request: V2Request, authorization: string): Caller;
  /** Throws `AuthRefusal`. */
  query(request: V2Request, parameters: ReadonlyMap<string, string>): Caller;
}

/** Parameters of the query that are part of the signed resource. */
const SIGNED_PARAMETERS = new Set(
  (
    "accelerate acl analytics cors delete encryption inventory legal-hold lifecycle location logging metrics " +
    "notification object-lock ownershipControls partNumber policy policyStatus publicAccessBlock replication " +
    "requestPayment response-cache-control response-content-disposition response-content-encoding " +
    "response-content-language response-content-type response-expires restore retention select select-type tagging " +
    "torrent uploadId uploads versionId versioning versions website"
  ).split(" "),
);

/** Headers that may travel as parameters of a presigned URL; there they are signed as the headers they stand for. */
const isAmzName = (name: string): boolean => name.startsWith("x-amz-");

export function createV2Verifier(options: { readonly credentials: Credentials; readonly clock: Clock }): V2Verifier {
  const { credentials, clock } = options;

  function verify(
    request: V2Request,
    accessKeyId: string,
    signature: string,
    dateLine: string,
    token: string | undefined,
  ): Caller {
    const found = credentials.secretFor(accessKeyId, token);
    if (found.status !== "ok") throw refusal.lookupFailed(found.status, accessKeyId, token ?? "");
    const stringToSign = stringToSignOf(request, dateLine);
    const expected = createHmac("sha1", found.secretAccessKey).update(stringToSign, "latin1").digest("base64");
    if (!sameText(signature, expected)) {
      throw refusal.signatureMismatch({ accessKeyId, stringToSign, signatureProvided: signature });
    }
    return found.caller;
  }

  return {
    header(request, authorization) {
      const { headers } = request;
      const credential = authorization.slice("AWS ".length);
      const colon = credential.indexOf(":");
      const signature = credential.slice(colon + 1);
      if (colon === -1 || signature === "" || signature.includes(":")) throw refusal.malformedV2Header(authorization);
      const amzDate = one(headers["x-amz-date"]);
      const date = amzDate ?? headers.date ?? "";
      const requestMs = Date.parse(date);
      if (Number.isNaN(requestMs)) throw refusal.missingDate(authorization);
      const nowMs = nearestNow(clock, requestMs);
      if (Math.abs(nowMs - requestMs) > SKEW_MS) throw refusal.skewed(date, requestMs, nowMs);
      // A date that is signed among the x-amz- headers leaves its own line empty.
      const dateLine = amzDate === undefined ? date : "";
      return verify(request, credential.slice(0, colon), signature, dateLine, one(headers["x-amz-security-token"]));
    },

    query(request, parameters) {
      const accessKeyId = parameters.get("AWSAccessKeyId");
      const expires = parameters.get("Expires");
      const signature = parameters.get("Signature");
      if (accessKeyId === undefined || expires === undefined || signature === undefined) {
        throw refusal.badV2Query(
          "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        );
      }
      if (!/^[+-]?\d{1,10}$/.test(expires) || Number(expires) >= 2 ** 31) {
        throw refusal.badV2Query(`Invalid date (should be seconds since epoch): ${expires}`);
      }
      const nowMs = clock.now();
      const expiresMs = Number(expires) * 1000;
      if (nowMs > expiresMs) throw refusal.urlExpired(undefined, expiresMs, nowMs);
      const token = parameters.get("x-amz-security-token") ?? one(request.headers["x-amz-security-token"]);
      return verify(request, accessKeyId, signature, expires, token);
    },
  };
}

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

function stringToSignOf(request: V2Request, dateLine: string): string {
  const { method, headers } = request;
  const amz = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (isAmzName(name)) amz.set(name, (Array.isArray(value) ? value.join(",") : (value ?? "")).trim());
  }
  const signedParameters: [name: string, text: string][] = [];
  for (const part of request.query === "" ? [] : request.query.split("&")) {
    const equals = part.indexOf("=");
    const name = equals === -1 ? part : part.slice(0, equals);
    const value = equals === -1 ? undefined : decode(part.slice(equals + 1));
    if (isAmzName(name.toLowerCase())) amz.set(name.toLowerCase(), value ?? "");
    else if (SIGNED_PARAMETERS.has(name))
      signedParameters.push([name, value === undefined || value === "" ? name : `${name}=${value}`]);
  }
  const amzLines = [...amz].toSorted(byName).map(([name, value]) => `${name}:${value}\n`);
  const subresource = signedParameters
    .toSorted(byName)
    .map(([, text]) => text)
    .join("&");
  const resource = request.resource + (subresource === "" ? "" : `?${subresource}`);
  const md5 = one(headers["content-md5"]) ?? "";
  return `${method}\n${md5}\n${headers["content-type"] ?? ""}\n${dateLine}\n${amzLines.join("")}${resource}`;
}

const byName = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : Number(a > b));

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
