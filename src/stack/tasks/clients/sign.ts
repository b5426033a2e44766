/**
 * Signature Version 4 for the calls that go out without the AWS SDK: small bodies, no query that needs care.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from "node:crypto";
import { encodeStrictly } from "../../../services/kit/canonical-request.js";

export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface Unsigned {
  readonly method: string;
  readonly url: URL;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  readonly region: string;
  /** Signing name. */
  readonly service: string;
}

/** All headers of the request, the signature among them. */
export function signed(request: Unsigned, keys: Keys, nowMs: number): Record<string, string> {
  const { method, url, body, region, service } = request;
  const amzDate = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  const day = amzDate.slice(0, 8);
  const headers: Record<string, string> = { host: url.host, "x-amz-date": amzDate, ...request.headers };
  if (keys.sessionToken !== undefined) headers["x-amz-security-token"] = keys.sessionToken;
  if (service === "s3") headers["x-amz-content-sha256"] = sha256(body);
  const names = Object.keys(headers).toSorted();
  const signedHeaders = names.join(";");
  const canonical = [
    method,
    // Signed as sent, encoded once more: everywhere but at S3.
    service === "s3" ? url.pathname : url.pathname.split("/").map(encodeStrictly).join("/"),
    canonicalQuery(url),
    ...names.map((name) => `${name}:${headers[name]?.trim() ?? ""}`),
    "",
    signedHeaders,
    sha256(body),
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${sha256(canonical)}`;
  let key: string | Buffer = `AWS4${keys.secretAccessKey}`;
  for (const part of [day, region, service, "aws4_request"]) key = hmac(key, part);
  const signature = hmac(key, text).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
  return { authorization, ...headers };
}

const sha256 = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

const canonicalQuery = (url: URL): string =>
  [...url.searchParams]
    .map(([name, value]) => `${encodeStrictly(name)}=${encodeStrictly(value)}`)
    .toSorted()
    .join("&");
