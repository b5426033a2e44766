/**
 * Why a signature is refused, once for S3 and once for all other services: the two words differ in code, status and
 * text. S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, members and order as seen in public
 * captures of 2025 and 2026. Others: https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
 */
import { AwsError } from "./aws-error.js";
import type { SecretLookup } from "./credentials.js";
import { SKEW_MS } from "./skew.js";
import type { WireProtocol } from "./wire-error.js";

/** What went wrong for the services that are not S3; each protocol has its own code for it. */
type Reason =
  | "MissingAuthenticationToken"
  | "IncompleteSignature"
  | "InvalidSignature"
  | "UnrecognizedClient"
  | "ExpiredToken";

const QUERY_CODES: Readonly<Record<Reason, string>> = {
  MissingAuthenticationToken: "MissingAuthenticationToken",
  IncompleteSignature: "IncompleteSignature",
  InvalidSignature: "SignatureDoesNotMatch",
  UnrecognizedClient: "InvalidClientTokenId",
  ExpiredToken: "ExpiredToken",
};

export class AuthRefusal extends Error {
  readonly #s3: AwsError;
  readonly #reason: Reason;
  override readonly name = "AuthRefusal";

  constructor(s3: AwsError, reason: Reason, message: string) {
    super(message);
    this.#s3 = s3;
    this.#reason = reason;
  }

  /** The refusal as the addressed service says it. */
  inProtocol(protocol: WireProtocol): AwsError {
    if (protocol === "rest-xml") return this.#s3;
    if (protocol === "query") return new AwsError(QUERY_CODES[this.#reason], this.message, { statusCode: 403 });
    return new AwsError(`${this.#reason}Exception`, this.message, { statusCode: protocol === "rest-json" ? 403 : 400 });
  }
}

type Members = Readonly<Record<string, string | number>>;
const s3Error = (statusCode: number, code: string, message: string, members: Members = {}): AwsError =>
  new AwsError(code, message, { statusCode, members });

/** `2026-01-31T12:00:00Z` */
const isoSeconds = (timeMs: number): string => `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
/** `20260131T120000Z` */
export const basicIso = (timeMs: number): string => isoSeconds(timeMs).replace(/[-:]/g, "");

export function missingToken(): AuthRefusal {
  return new AuthRefusal(
    s3Error(403, "AccessDenied", "Access Denied"),
    "MissingAuthenticationToken",
    "Request is missing Authentication Token",
  );
}

export function twoMechanisms(): AuthRefusal {
  const s3 = s3Error(
    400,
    "InvalidArgument",
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
    {
      ArgumentName: "Authorization",
    },
  );
  return new AuthRefusal(
    s3,
    "InvalidSignature",
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  );
}

export function unsupportedScheme(authorization: string): AuthRefusal {
  const members = { ArgumentName: "Authorization", ArgumentValue: authorization };
  const text = authorization.includes(" ")
    ? "Unsupported Authorization Type"
    : "Authorization header is invalid -- one and only one ' ' (space) required";
  return new AuthRefusal(
    s3Error(400, "InvalidArgument", text, members),
    "IncompleteSignature",
    `Unsupported AWS 'algorithm': '${authorization.split(" ", 1)[0]}'.`,
  );
}

export function malformedV2Header(authorization: string): AuthRefusal {
  const members = { ArgumentName: "Authorization", ArgumentValue: authorization };
  const s3 = s3Error(
    400,
    "InvalidArgument",
    "AWS authorization header is invalid.  Expected AwsAccessKeyId:signature",
    members,
  );
  return new AuthRefusal(s3, "IncompleteSignature", "Authorization header is not a Signature Version 4 header.");
}

const NO_DATE = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";

export function missingComponents(
  authorization: string,
  absent: readonly string[],
  notAPair: string | undefined,
  isDated: boolean,
): AuthRefusal {
  const s3 = s3Error(
    400,
    "AuthorizationHeaderMalformed",
    "The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature.",
  );
  const message =
    notAPair === undefined
      ? `${absent.map((name) => `Authorization header requires '${name}' parameter. `).join("")}${isDated ? "" : NO_DATE}Authorization=${authorization}`
      : `'${notAPair}' not a valid key=value pair (missing equal-sign) in Authorization header: '${authorization}'.`;
  return new AuthRefusal(s3, "IncompleteSignature", message);
}

export function missingContentHash(): AuthRefusal {
  return new AuthRefusal(
    s3Error(400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"),
    "IncompleteSignature",
    "x-amz-content-sha256 is missing.",
  );
}

export function badContentHash(value: string): AuthRefusal {
  const names =
    "UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER";
  const message = `x-amz-content-sha256 must be ${names} or a valid sha256 value.`;
  return new AuthRefusal(
    s3Error(400, "InvalidArgument", message, { ArgumentName: "x-amz-content-sha256", ArgumentValue: value }),
    "InvalidSignature",
    message,
  );
}

export function missingDate(authorization: string): AuthRefusal {
  const s3 = s3Error(403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
  return new AuthRefusal(s3, "IncompleteSignature", `${NO_DATE}Authorization=${authorization}`);
}

export function skewed(dateAsSent: string, requestMs: number, nowMs: number): AuthRefusal {
  const s3 = s3Error(
    403,
    "RequestTimeTooSkewed",
    "The difference between the request time and the current time is too large.",
    {
      RequestTime: dateAsSent,
      ServerTime: isoSeconds(nowMs),
      MaxAllowedSkewMilliseconds: SKEW_MS,
    },
  );
  const message =
    requestMs < nowMs
      ? `Signature expired: ${basicIso(requestMs)} is now earlier than ${basicIso(nowMs - SKEW_MS)} (${basicIso(nowMs)} - 15 min.)`
      : `Signature not yet current: ${basicIso(requestMs)} is still later than ${basicIso(nowMs + SKEW_MS)} (${basicIso(nowMs)} + 15 min.)`;
  return new AuthRefusal(s3, "InvalidSignature", message);
}

export type Place = "header" | "query";

/** A fault in the credential scope: S3 says it with one of two codes, by where the credential stands. */
export function badCredential(place: Place, s3Text: string, reason: Reason, message: string): AuthRefusal {
  const s3 =
    place === "header"
      ? s3Error(400, "AuthorizationHeaderMalformed", `The authorization header is malformed; ${s3Text}`)
      : badQuery(`Error parsing the X-Amz-Credential parameter; ${s3Text}`);
  return new AuthRefusal(s3, reason, message);
}

export function otherScopeDate(place: Place, scopeDate: string, amzDate: string): AuthRefusal {
  const day = amzDate.slice(0, 8);
  const s3 =
    place === "header"
      ? s3Error(
          400,
          "AuthorizationHeaderMalformed",
          "The authorization header is malformed; Invalid credential date. Date is not the same as X-Amz-Date.",
        )
      : badQuery(`Invalid credential date "${scopeDate}". This date is not the same as X-Amz-Date: "${day}".`);
  return new AuthRefusal(
    s3,
    "InvalidSignature",
    `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${scopeDate}' != '${day}', from '${amzDate}'.`,
  );
}

const badQuery = (message: string): AwsError => s3Error(400, "AuthorizationQueryParametersError", message);

export function badQueryParameter(message: string): AuthRefusal {
  return new AuthRefusal(badQuery(message), "IncompleteSignature", message);
}

export function notYetValid(requestMs: number, expiresMs: number, nowMs: number): AuthRefusal {
  const s3 = s3Error(403, "AccessDenied", "Request is not yet valid", {
    "X-Amz-Date": requestMs,
    Expires: isoSeconds(expiresMs),
    ServerTime: isoSeconds(nowMs),
  });
  return new AuthRefusal(
    s3,
    "InvalidSignature",
    `Signature not yet current: ${basicIso(requestMs)} is still later than ${basicIso(nowMs)}`,
  );
}

/** `expiresSeconds` is undefined for Signature Version 2, which names no duration. */
export function urlExpired(expiresSeconds: string | undefined, expiresMs: number, nowMs: number): AuthRefusal {
  const s3 = s3Error(403, "AccessDenied", "Request has expired", {
    ...(expiresSeconds === undefined ? {} : { "X-Amz-Expires": expiresSeconds }),
    Expires: isoSeconds(expiresMs),
    ServerTime: isoSeconds(nowMs),
  });
  return new AuthRefusal(
    s3,
    "InvalidSignature",
    `Signature expired: ${basicIso(expiresMs)} is now earlier than ${basicIso(nowMs)}`,
  );
}

export function badV2Query(message: string): AuthRefusal {
  return new AuthRefusal(s3Error(403, "AccessDenied", message), "IncompleteSignature", message);
}

export function headersNotSigned(names: readonly string[]): AuthRefusal {
  const s3 = s3Error(403, "AccessDenied", "There were headers present in the request which were not signed", {
    HeadersNotSigned: names.join(", "),
  });
  return new AuthRefusal(
    s3,
    "InvalidSignature",
    `'${names.includes("host") ? "Host" : names[0]}' must be a 'SignedHeader' in the AWS Authorization.`,
  );
}

export function lookupFailed(
  status: Exclude<SecretLookup["status"], "ok">,
  accessKeyId: string,
  token: string,
): AuthRefusal {
  const invalid = "The security token included in the request is invalid.";
  switch (status) {
    case "unknown-key": {
      const text = "The AWS Access Key Id you provided does not exist in our records.";
      const s3 = s3Error(403, "InvalidAccessKeyId", text, { AWSAccessKeyId: accessKeyId });
      return new AuthRefusal(s3, "UnrecognizedClient", invalid);
    }
    case "invalid-token": {
      const text = "The provided token is malformed or otherwise invalid.";
      return new AuthRefusal(s3Error(400, "InvalidToken", text, { "Token-0": token }), "UnrecognizedClient", invalid);
    }
    default: {
      const s3 = s3Error(400, "ExpiredToken", "The provided token has expired.", { "Token-0": token });
      return new AuthRefusal(s3, "ExpiredToken", "The security token included in the request is expired");
    }
  }
}

export interface Mismatch {
  readonly accessKeyId: string;
  readonly stringToSign: string;
  readonly signatureProvided: string;
  /** Absent for Signature Version 2. */
  readonly canonicalRequest?: string;
}

const hexBytes = (text: string): string => (Buffer.from(text).toString("hex").match(/../g) ?? []).join(" ");

export function signatureMismatch({
  accessKeyId,
  stringToSign,
  signatureProvided,
  canonicalRequest,
}: Mismatch): AuthRefusal {
  const s3 = s3Error(
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    {
      AWSAccessKeyId: accessKeyId,
      StringToSign: stringToSign,
      SignatureProvided: signatureProvided,
      StringToSignBytes: hexBytes(stringToSign),
      ...(canonicalRequest === undefined
        ? {}
        : { CanonicalRequest: canonicalRequest, CanonicalRequestBytes: hexBytes(canonicalRequest) }),
    },
  );
  return new AuthRefusal(
    s3,
    "InvalidSignature",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  );
}
