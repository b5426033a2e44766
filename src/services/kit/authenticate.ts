/** Finds out who sent a request: picks the way it is signed and has that verified. */
import { hash } from "node:crypto";
import type { Clock } from "../../shared/clock.js";
import type { Caller, PayloadSignature } from "../service.js";
import * as refusal from "./auth-refusal.js";
import type { HttpMessage } from "./canonical-request.js";
import type { Credentials } from "./credentials.js";
import { createV2Verifier } from "./sigv2.js";
import { createV4Verifier } from "./sigv4.js";

export type Mechanism = "v4-header" | "v4-query" | "v2-header" | "v2-query" | "other-header" | "none";

export interface AuthenticRequest {
  readonly message: HttpMessage;
  readonly mechanism: Mechanism;
  readonly isS3: boolean;
  /** The service decides on unsigned requests itself. */
  readonly anonymous: boolean;
  /** Path in path style, as Signature Version 2 signs it. */
  readonly resource: string;
  /** Parameters of the query, decoded. */
  readonly parameters: () => ReadonlyMap<string, string>;
  /** The whole body, where `needsBody` asked for it. */
  readonly body: Buffer | undefined;
}

export interface Authenticated {
  readonly caller: Caller | undefined;
  readonly payload: PayloadSignature;
}

const UNSIGNED: PayloadSignature = { kind: "unsigned" };

/**
 * Outside S3, clients may sign the hash of a body without naming it in a header (botocore does): then the body has to
 * be read before anything can be verified.
 */
export function needsBody(mechanism: Mechanism, isS3: boolean, headers: HttpMessage["headers"]): boolean {
  const signed = mechanism === "v4-header" || mechanism === "v4-query";
  return signed && !isS3 && headers["x-amz-content-sha256"] === undefined;
}

/** The function throws `AuthRefusal`. */
export function createAuthenticator(options: {
  readonly credentials: Credentials;
  readonly clock: Clock;
}): (request: AuthenticRequest) => Authenticated {
  const v4 = createV4Verifier(options);
  const v2 = createV2Verifier(options);

  return (request) => {
    const { message, mechanism, isS3, body } = request;
    const authorization = message.headers.authorization ?? "";
    switch (mechanism) {
      case "none":
        if (!request.anonymous) throw refusal.missingToken();
        return { caller: undefined, payload: anonymousPayload(message) };
      case "other-header":
        // A function URL or an API takes what tokens it likes; S3 and the rest know only AWS's.
        if (!request.anonymous || isS3) throw refusal.unsupportedScheme(authorization);
        return { caller: undefined, payload: UNSIGNED };
      case "v4-header":
      case "v4-query": {
        const bodyHash = body === undefined ? undefined : hash("sha256", body, "hex");
        const { method, path, query, headers, rawHeaders } = message;
        const signed = { method, path, query, headers, rawHeaders, isS3, bodyHash };
        if (mechanism === "v4-query") return v4.query(signed, request.parameters());
        if (query.includes("X-Amz-Algorithm=")) throw refusal.twoMechanisms();
        return v4.header(signed, authorization);
      }
      case "v2-header":
      case "v2-query": {
        if (!isS3) throw refusal.unsupportedScheme(authorization);
        const signed = { ...message, resource: request.resource };
        const caller =
          mechanism === "v2-header" ? v2.header(signed, authorization) : v2.query(signed, request.parameters());
        return { caller, payload: anonymousPayload(message) };
      }
      default:
        throw refusal.missingToken();
    }
  };
}

/** Without a V4 signature nothing vouches for the body, but it may still be framed. */
function anonymousPayload({ headers }: HttpMessage): PayloadSignature {
  if (headers["x-amz-content-sha256"] !== "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return UNSIGNED;
  return {
    kind: "chunked",
    signed: false,
    trailer: true,
    seedSignature: "",
    signingKey: undefined,
    amzDate: "",
    scope: "",
  };
}
