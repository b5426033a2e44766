/**
 * Verifies AWS Signature Version 4, in the Authorization header and in the query (presigned URLs).
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 * The order of the checks is S3's, where it could be seen in captures of its answers.
 */
import { createHmac, hash } from "node:crypto";
import type { Clock } from "../../shared/clock.js";
import type { Caller, PayloadSignature } from "../service.js";
import * as refusal from "./auth-refusal.js";
import { AUTHORITY, canonicalRequest, type HttpMessage } from "./canonical-request.js";
import type { Credentials } from "./credentials.js";
import { createSigner, type Signer } from "./hmac.js";
import { sameText } from "./same-text.js";
import { nearestNow, SKEW_MS } from "./skew.js";

const V4_ALGORITHM = "AWS4-HMAC-SHA256";

interface Verified {
  readonly caller: Caller;
  readonly payload: PayloadSignature;
}

interface V4Request extends HttpMessage {
  /** S3 has its own rules for paths, hashes and unsigned headers. */
  readonly isS3: boolean;
  /** SHA-256 of the body; needed when no header names it. S3 demands the header. */
  readonly bodyHash: string | undefined;
}

export interface V4Verifier {
  /** Throws `AuthRefusal`. */
  header(request: V4Request, authorization: string): Verified;
  /** Throws `AuthRefusal`. */
  query(request: V4Request, parameters: ReadonlyMap<string, string>): Verified;
}

interface Signed {
  readonly place: refusal.Place;
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  /** `20260131T120000Z` */
  readonly amzDate: string;
  readonly payloadHash: string;
  readonly token: string | undefined;
}

/** What a secret becomes for one day, region and service. */
interface SigningKey {
  readonly bytes: Buffer;
  readonly sign: Signer;
}

const MAX_EXPIRES_SECONDS = 604_800;
const MAX_CACHED_KEYS = 256;
const QUERY_PARAMETERS = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Signature",
  "X-Amz-Date",
  "X-Amz-SignedHeaders",
  "X-Amz-Expires",
];

export function createV4Verifier(options: { readonly credentials: Credentials; readonly clock: Clock }): V4Verifier {
  const { credentials, clock } = options;
  const signingKeys = new Map<string, SigningKey>();

  function signingKey(secret: string, scope: string, date: string, region: string, service: string): SigningKey {
    const name = `${scope}\n${secret}`;
    const known = signingKeys.get(name);
    if (known !== undefined) return known;
    const bytes = [date, region, service, "aws4_request"].reduce<Buffer>(
      (key, part) => hmac(key, part),
      Buffer.from(`AWS4${secret}`),
    );
    const key = { bytes, sign: createSigner(bytes) };
    if (signingKeys.size >= MAX_CACHED_KEYS) signingKeys.clear();
    signingKeys.set(name, key);
    return key;
  }

  function verify(request: V4Request, signed: Signed): Verified {
    const { accessKeyId, scope, date, region, service } = parseCredential(signed);
    if (date !== signed.amzDate.slice(0, 8)) throw refusal.otherScopeDate(signed.place, date, signed.amzDate);
    refuseUnsignedHeaders(request, signed.signedHeaders);

    const found = credentials.secretFor(accessKeyId, signed.token);
    if (found.status !== "ok") throw refusal.lookupFailed(found.status, accessKeyId, signed.token ?? "");

    const key = signingKey(found.secretAccessKey, scope, date, region, service);
    let mismatch: refusal.Mismatch | undefined;
    for (const reading of ["sent", "exact"] as const) {
      const canonical = canonicalRequest(request, reading, request.isS3, signed.signedHeaders, signed.payloadHash);
      if (canonical === undefined) continue;
      const stringToSign = `${V4_ALGORITHM}\n${signed.amzDate}\n${scope}\n${sha256(canonical)}`;
      if (sameText(signed.signature, key.sign(stringToSign))) {
        return { caller: found.caller, payload: payloadOf(signed, key.bytes, scope) };
      }
      mismatch ??= { accessKeyId, stringToSign, signatureProvided: signed.signature, canonicalRequest: canonical };
    }
    throw refusal.signatureMismatch(mismatch ?? { accessKeyId, stringToSign: "", signatureProvided: signed.signature });
  }

  return {
    header(request, authorization) {
      const { headers } = request;
      const payloadHash = headerPayloadHash(request);
      const dateAsSent = one(headers["x-amz-date"]) ?? headers.date ?? "";
      const requestMs = parseDate(dateAsSent);
      const components = parseAuthorization(authorization, requestMs !== undefined);
      if (requestMs === undefined) throw refusal.missingDate(authorization);
      const nowMs = nearestNow(clock, requestMs);
      if (Math.abs(nowMs - requestMs) > SKEW_MS) throw refusal.skewed(dateAsSent, requestMs, nowMs);
      const amzDate = headers["x-amz-date"] === undefined ? refusal.basicIso(requestMs) : dateAsSent;
      return verify(request, {
        place: "header",
        ...components,
        amzDate,
        payloadHash,
        token: one(headers["x-amz-security-token"]),
      });
    },

    query(request, parameters) {
      const get = (name: string): string => parameters.get(name) ?? "";
      if (get("X-Amz-Algorithm") !== V4_ALGORITHM)
        throw refusal.badQueryParameter('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"');
      if (QUERY_PARAMETERS.some((name) => !parameters.has(name))) {
        throw refusal.badQueryParameter(
          "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        );
      }
      const amzDate = get("X-Amz-Date");
      const requestMs = parseBasicIso(amzDate);
      if (requestMs === undefined)
        throw refusal.badQueryParameter("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
      const expires = get("X-Amz-Expires");
      checkExpires(expires);
      const expiresMs = requestMs + Number(expires) * 1000;
      if (requestMs - nearestNow(clock, requestMs) > SKEW_MS)
        throw refusal.notYetValid(requestMs, expiresMs, clock.now());
      const nowMs = clock.now();
      if (nowMs > expiresMs) throw refusal.urlExpired(expires, expiresMs, nowMs);
      const payloadHash =
        one(request.headers["x-amz-content-sha256"]) ??
        parameters.get("X-Amz-Content-Sha256") ??
        request.bodyHash ??
        "UNSIGNED-PAYLOAD";
      return verify(request, {
        place: "query",
        credential: get("X-Amz-Credential"),
        signedHeaders: get("X-Amz-SignedHeaders"),
        signature: get("X-Amz-Signature"),
        amzDate,
        payloadHash,
        token: parameters.get("X-Amz-Security-Token") ?? one(request.headers["x-amz-security-token"]),
      });
    },
  };
}

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
const hmac = (key: Buffer, text: string): Buffer => createHmac("sha256", key).update(text, "latin1").digest();
/** Node reads header bytes as Latin-1, so that is how they are hashed again. */
const sha256 = (text: string): string => hash("sha256", Buffer.from(text, "latin1"), "hex");

function parseAuthorization(
  authorization: string,
  isDated: boolean,
): Pick<Signed, "credential" | "signedHeaders" | "signature"> {
  let credential: string | undefined;
  let signedHeaders: string | undefined;
  let signature: string | undefined;
  let notAPair: string | undefined;
  for (const part of authorization.slice(V4_ALGORITHM.length + 1).split(",")) {
    const field = part.trim();
    if (field.startsWith("Credential=")) credential = field.slice("Credential=".length);
    else if (field.startsWith("SignedHeaders=")) signedHeaders = field.slice("SignedHeaders=".length);
    else if (field.startsWith("Signature=")) signature = field.slice("Signature=".length);
    else if (!field.includes("=")) notAPair ??= field;
  }
  if (credential === undefined || signedHeaders === undefined || signature === undefined) {
    const found = { Credential: credential, Signature: signature, SignedHeaders: signedHeaders };
    const absent = Object.entries(found).flatMap(([name, value]) => (value === undefined ? [name] : []));
    throw refusal.missingComponents(authorization, absent, notAPair, isDated);
  }
  return { credential, signedHeaders, signature };
}

function parseCredential({
  place,
  credential,
}: Signed): Record<"accessKeyId" | "scope" | "date" | "region" | "service", string> {
  const [accessKeyId = "", date = "", region = "", service = "", terminal, ...more] = credential.split("/");
  if (terminal === undefined || more.length > 0 || accessKeyId === "") {
    throw refusal.badCredential(
      place,
      'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
      "IncompleteSignature",
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '${credential}'`,
    );
  }
  if (!/^\d{8}$/.test(date)) {
    const text = `incorrect date format "${date}". This date in the credential must be in the format "yyyyMMdd".`;
    throw refusal.badCredential(
      place,
      text,
      "InvalidSignature",
      `Date in Credential scope does not match YYYYMMDD: '${date}'.`,
    );
  }
  if (region === "") {
    throw refusal.badCredential(
      place,
      "a non-empty region must be provided in the credential.",
      "InvalidSignature",
      "Credential should be scoped to a valid region. ",
    );
  }
  if (terminal !== "aws4_request") {
    const text = `incorrect terminal "${terminal}". This endpoint uses "aws4_request".`;
    throw refusal.badCredential(
      place,
      text,
      "InvalidSignature",
      `Credential should be scoped with a valid terminator: 'aws4_request', not '${terminal}'.`,
    );
  }
  return { accessKeyId, scope: credential.slice(accessKeyId.length + 1), date, region, service };
}

/** S3 wants every `x-amz-*` header signed, so that nobody adds one to a presigned URL; all services want `host`. */
function refuseUnsignedHeaders(request: V4Request, signedHeaders: string): void {
  const signed = `;${signedHeaders};`;
  const unsigned: string[] = [];
  if (!signed.includes(";host;") && !signed.includes(`;${AUTHORITY};`)) unsigned.push("host");
  if (request.isS3) {
    for (const name in request.headers) {
      const must = name === "content-md5" || (name.startsWith("x-amz-") && name !== "x-amz-content-sha256");
      if (must && !signed.includes(`;${name};`)) unsigned.push(name);
    }
  }
  if (unsigned.length > 0) throw refusal.headersNotSigned(unsigned);
}

function headerPayloadHash(request: V4Request): string {
  const sent = one(request.headers["x-amz-content-sha256"]);
  if (sent === undefined) {
    if (request.bodyHash === undefined) throw refusal.missingContentHash();
    return request.bodyHash;
  }
  if (
    request.isS3 &&
    !/^(?:[0-9a-fA-F]{64}|UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER|STREAMING-AWS4-HMAC-SHA256-PAYLOAD(?:-TRAILER)?)$/.test(
      sent,
    )
  ) {
    throw refusal.badContentHash(sent);
  }
  return sent;
}

function payloadOf(signed: Signed, signingKey: Buffer, scope: string): PayloadSignature {
  const { payloadHash } = signed;
  if (payloadHash.length === 64) return { kind: "sha256", hex: payloadHash.toLowerCase() };
  if (!payloadHash.startsWith("STREAMING-")) return { kind: "unsigned" };
  return {
    kind: "chunked",
    signed: payloadHash.startsWith("STREAMING-AWS4-"),
    trailer: payloadHash.endsWith("-TRAILER"),
    seedSignature: signed.signature,
    signingKey,
    amzDate: signed.amzDate,
    scope,
  };
}

function checkExpires(expires: string): void {
  if (!/^[+-]?\d{1,19}$/.test(expires)) throw refusal.badQueryParameter("X-Amz-Expires should be a number");
  if (Number(expires) < 0) throw refusal.badQueryParameter("X-Amz-Expires must be non-negative");
  if (Number(expires) > MAX_EXPIRES_SECONDS) {
    throw refusal.badQueryParameter(
      "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
    );
  }
}

function parseBasicIso(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  const timeMs = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  return refusal.basicIso(timeMs) === text ? timeMs : undefined;
}

/** The last date seen: within one second all requests carry the same. */
let lastDate: { readonly text: string; readonly timeMs: number } | undefined;

/** `x-amz-date` in its basic form, or a `Date` as HTTP writes it. */
function parseDate(text: string): number | undefined {
  if (text === lastDate?.text) return lastDate.timeMs;
  const httpMs = /^[A-Za-z]{3},/.test(text) ? Date.parse(text) : Number.NaN;
  const timeMs = parseBasicIso(text) ?? (Number.isNaN(httpMs) ? undefined : httpMs);
  if (timeMs !== undefined) lastDate = { text, timeMs };
  return timeMs;
}
