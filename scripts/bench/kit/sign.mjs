/** Requests as bytes, signed once (Signature Version 4) and sent as often as wanted: a signature is good for 15 minutes. */
import { createHash, createHmac } from "node:crypto";

const REGION = "us-east-1";
const KEYS = { accessKeyId: "test", secretAccessKey: "test" };

const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

/** A request of a JSON service: `target` is `AmazonSQS.SendMessage` and the like. */
export function jsonRequest({ endpoint, service, target, body, version = "1.0" }) {
  const headers = { "content-type": `application/x-amz-json-${version}`, "x-amz-target": target };
  return signedRequest({ endpoint, service, method: "POST", path: "/", headers, body: JSON.stringify(body) });
}

export function signedRequest({ endpoint, service, method, path, query = "", headers = {}, body = "" }) {
  const bytes = Buffer.from(body);
  const stamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const bodyHash = sha256(bytes);
  const all = { host: new URL(endpoint).host, ...headers, "x-amz-date": stamp };
  // Only S3's clients name the hash of the body in a header.
  if (service === "s3") all["x-amz-content-sha256"] = bodyHash;
  const names = Object.keys(all).sort();
  const canonical = [
    method,
    path,
    query,
    ...names.map((name) => `${name}:${all[name]}`),
    "",
    names.join(";"),
    bodyHash,
  ].join("\n");
  const scope = `${stamp.slice(0, 8)}/${REGION}/${service}/aws4_request`;
  const key = [stamp.slice(0, 8), REGION, service, "aws4_request"].reduce(hmac, `AWS4${KEYS.secretAccessKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${sha256(canonical)}`).toString("hex");
  all.authorization = `AWS4-HMAC-SHA256 Credential=${KEYS.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return rawRequest({ method, path: query === "" ? path : `${path}?${query}`, headers: all, body: bytes });
}

/** As it goes over the wire. */
export function rawRequest({ method, path, headers, body = "" }) {
  const bytes = Buffer.from(body);
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
  if (bytes.length > 0 || method !== "GET") head += `content-length: ${bytes.length}\r\n`;
  return Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), bytes]);
}
