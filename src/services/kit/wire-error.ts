/**
 * Errors that the gateway itself answers, before a service is reached: the same refusal in the wire form that the
 * client of that service expects. Error forms: https://smithy.io/2.0/aws/protocols/
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AwsError } from "./aws-error.js";

/** `rest-xml` is S3's, `rest-json` Lambda's, `query` that of STS and older clients of SQS and CloudWatch. */
export type WireProtocol = "rest-xml" | "json-1.0" | "json-1.1" | "rest-json" | "query" | "cbor" | "cbor-1.1";

/** What the request itself says about the form in which its client wants answers; `fallback` is the service's own. */
export function protocolOf(headers: IncomingMessage["headers"], query: string, fallback: WireProtocol): WireProtocol {
  if (headers["smithy-protocol"] === "rpc-v2-cbor") return "cbor";
  const contentType = headers["content-type"] ?? "";
  if (headers["x-amz-target"] !== undefined) {
    if (contentType.includes("cbor-1.1")) return "cbor-1.1";
    return contentType.includes("json-1.1") ? "json-1.1" : "json-1.0";
  }
  if (fallback === "rest-xml" || fallback === "rest-json") return fallback;
  if (contentType.startsWith("application/x-www-form-urlencoded") || /(^|&)Action=/.test(query)) return "query";
  return fallback;
}

export function sendWireError(
  response: ServerResponse,
  protocol: WireProtocol,
  error: AwsError,
  requestId: string,
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { contentType, body, headers } = RENDERERS[protocol](error, requestId);
  response.writeHead(error.statusCode, {
    "Content-Type": contentType,
    "Content-Length": body.length,
    ...headers,
    ...error.headers,
  });
  // For a HEAD request Node sends the head alone.
  response.end(body);
}

interface Rendered {
  readonly contentType: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const RENDERERS: Readonly<Record<WireProtocol, (error: AwsError, requestId: string) => Rendered>> = {
  "rest-xml": (error, requestId) => {
    const hostId = Buffer.from(`lambda-run ${requestId}`).toString("base64");
    const members = {
      Code: error.code,
      Message: error.message,
      ...error.members,
      RequestId: requestId,
      HostId: hostId,
    };
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${xmlMembers(members)}</Error>`;
    const headers = { "x-amz-request-id": requestId, "x-amz-id-2": hostId };
    return { contentType: "application/xml", body: Buffer.from(body), headers };
  },
  query: (error, requestId) => {
    const inner = xmlMembers({ Type: error.fault, Code: error.queryCode ?? error.code, Message: error.message });
    const body = `<ErrorResponse><Error>${inner}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return { contentType: "text/xml", body: Buffer.from(body), headers: { "x-amzn-RequestId": requestId } };
  },
  "json-1.0": (error, requestId) => json("1.0", `com.amazon.coral.service#${error.code}`, error, requestId),
  "json-1.1": (error, requestId) => json("1.1", error.code, error, requestId),
  "rest-json": (error, requestId) => {
    const headers = { "x-amzn-RequestId": requestId, "x-amzn-ErrorType": error.code };
    return { contentType: "application/json", body: Buffer.from(JSON.stringify({ message: error.message })), headers };
  },
  cbor: (error, requestId) => {
    const headers = { "x-amzn-RequestId": requestId, "smithy-protocol": "rpc-v2-cbor" };
    const body = cborMap({ __type: error.code, message: error.message });
    return { contentType: "application/cbor", body, headers };
  },
  "cbor-1.1": (error, requestId) => ({
    contentType: "application/x-amz-cbor-1.1",
    body: cborMap({ __type: error.code, message: error.message }),
    headers: { "x-amzn-RequestId": requestId },
  }),
};

function json(version: "1.0" | "1.1", type: string, error: AwsError, requestId: string): Rendered {
  const body = Buffer.from(JSON.stringify({ __type: type, message: error.message }));
  return { contentType: `application/x-amz-json-${version}`, body, headers: { "x-amzn-RequestId": requestId } };
}

function xmlMembers(members: Readonly<Record<string, unknown>>): string {
  let xml = "";
  for (const [name, value] of Object.entries(members)) xml += `<${name}>${escapeXml(String(value))}</${name}>`;
  return xml;
}

const XML_ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\r": "&#13;",
};

// oxlint-disable-next-line no-control-regex -- XML cannot carry them, and error texts repeat what a client sent
const UNFIT_FOR_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** kit/xml.ts is not used here: it loads a parser, and the gateway has to start without one. */
function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (c) => XML_ESCAPES[c] ?? c).replace(UNFIT_FOR_XML, "\ufffd");
}

/** Texts only: an error needs no more of CBOR (RFC 8949), and the decoder library is not worth loading for it. */
function cborMap(members: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(members);
  return Buffer.concat([Buffer.from([0xa0 + entries.length]), ...entries.flat().map(cborText)]);
}

function cborText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head =
    bytes.length < 24 ? Buffer.from([0x60 + bytes.length]) : Buffer.from([0x79, bytes.length >> 8, bytes.length & 255]);
  return Buffer.concat([head, bytes]);
}
