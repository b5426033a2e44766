/**
 * Presigns GETs with SigV4 in the query. The SDK's `getSignedUrl` runs the whole middleware stack for every key;
 * here all that does not depend on the key is made once, and a URL costs one SHA-256 and one HMAC.
 * `@aws-sdk/s3-request-presigner` is the oracle of the tests: equal, character by character.
 * AWS: "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", S3 API reference.
 */
import { createHmac, createSecretKey, hash } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { S3Client } from "@aws-sdk/client-s3";
import { InvalidEventError, naming } from "./errors.js";
import { resolveTarget } from "./presign-target.js";
import type { PresignTarget } from "./presign-target.js";
import { MAX_EXPIRES_SECONDS } from "./settings.js";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

type SignKey = (key: string) => string;

export interface Presigner {
  /** Signs as of `date` with the credentials of the moment. Ask anew for each batch of keys. */
  at(date: Date): Promise<SignKey>;
  /** Seconds by which the credentials die before the URLs signed at `date` would; 0 when they do not, or are silent. */
  shortfallSeconds(date: Date): Promise<number>;
}

export async function createPresigner(client: S3Client, bucket: string, expiresInSeconds: number): Promise<Presigner> {
  if (!Number.isInteger(expiresInSeconds) || expiresInSeconds < 1 || expiresInSeconds > MAX_EXPIRES_SECONDS) {
    throw new InvalidEventError(`A presigned URL lives 1 to ${MAX_EXPIRES_SECONDS} seconds, not ${expiresInSeconds}.`);
  }
  const target = await naming("Presigning", bucket, () => resolveTarget(client, bucket));
  const keys = new SigningKeys();
  return {
    async at(date) {
      // The provider answers from memory until the credentials come near their end; then it renews them.
      const credentials = await client.config.credentials();
      const stamp = date.toISOString().replace(/[-:]|\.\d{3}/g, "");
      return signerFor(target, credentials, stamp, expiresInSeconds, keys);
    },
    async shortfallSeconds(date) {
      const { expiration } = await client.config.credentials();
      if (expiration === undefined) return 0;
      return Math.max(0, Math.ceil(expiresInSeconds - (expiration.getTime() - date.getTime()) / 1000));
    },
  };
}

/** The signing key depends on day, region, service and secret: derived once, anew at UTC midnight and on rotation. */
export class SigningKeys {
  #inputs = "";
  #key: KeyObject | undefined;

  get(credentials: Credentials, day: string, region: string, service: string): KeyObject {
    const inputs = [credentials.accessKeyId, credentials.secretAccessKey, day, region, service].join("\n");
    if (this.#key === undefined || this.#inputs !== inputs) {
      const steps = [day, region, service, "aws4_request"];
      const derived = steps.reduce(
        (key, step) => createHmac("sha256", key).update(step).digest(),
        Buffer.from(`AWS4${credentials.secretAccessKey}`),
      );
      this.#key = createSecretKey(derived);
      this.#inputs = inputs;
    }
    return this.#key;
  }
}

function signerFor(
  target: PresignTarget,
  credentials: Credentials,
  stamp: string,
  expiresInSeconds: number,
  keys: SigningKeys,
): SignKey {
  const scope = `${stamp.slice(0, 8)}/${target.region}/${target.service}/aws4_request`;
  const parameters = sortedQuery({
    ...target.query,
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD",
    "X-Amz-Credential": `${credentials.accessKeyId}/${scope}`,
    "X-Amz-Date": stamp,
    "X-Amz-Expires": String(expiresInSeconds),
    ...(credentials.sessionToken === undefined ? {} : { "X-Amz-Security-Token": credentials.sessionToken }),
    "X-Amz-SignedHeaders": "host",
  });
  const requestTail = `\n${parameters.join("&")}\nhost:${target.host}\n\nhost\nUNSIGNED-PAYLOAD`;
  const toSign = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n`;
  const signingKey = keys.get(credentials, stamp.slice(0, 8), target.region, target.service);
  // The signature is not part of what is signed, and stands in alphabetical order in the URL, as the SDK puts it.
  const split = parameters.findIndex((parameter) => parameter > "X-Amz-Signature=");
  const before = `?${parameters.slice(0, split).join("&")}&X-Amz-Signature=`;
  const after = `&${parameters.slice(split).join("&")}`;
  return (key) => {
    const path = target.pathPrefix + encodeKey(key);
    const requestHash = hash("sha256", `GET\n${path}${requestTail}`);
    const signature = createHmac("sha256", signingKey)
      .update(toSign + requestHash)
      .digest("hex");
    return target.origin + path + before + signature + after;
  };
}

function sortedQuery(query: Readonly<Record<string, string>>): string[] {
  return Object.keys(query)
    .sort()
    .map((name) => `${encode(name)}=${encode(query[name] ?? "")}`);
}

const PLAIN_KEY = /^[\w.~/-]*$/;

/** Every byte but the unreserved characters and `/`. Dots and double slashes stay: in S3 they are part of the name. */
function encodeKey(key: string): string {
  return PLAIN_KEY.test(key) ? key : encode(key).replaceAll("%2F", "/");
}

/** RFC 3986: encodeURIComponent leaves five characters that AWS wants encoded. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
