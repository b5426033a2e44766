/** Answers on the wire: XML, plain headers, errors. */
import type { ServerResponse } from "node:http";
import type { AwsError } from "../kit/aws-error.js";
import { buildXml, type XmlContent } from "../kit/xml.js";
import type { S3Request } from "./request.js";

export const S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
export type Headers = Record<string, string | number>;

/** What an operation answers with; one that streams writes to the response itself and gives nothing back. */
export type Answer =
  | { readonly status?: number; readonly headers?: Headers; readonly xml?: undefined; readonly body?: Buffer | string }
  | { readonly status?: number; readonly headers?: Headers; readonly xml: readonly [root: string, content: XmlContent] }
  | undefined;

export function commonHeaders(requestId: string): Headers {
  return { "x-amz-request-id": requestId, "x-amz-id-2": hostId(requestId), Server: "AmazonS3" };
}

/** Stands for the host at AWS that answered; only ever quoted back to support. */
export function hostId(requestId: string): string {
  return Buffer.from(`lambda-run ${requestId}`).toString("base64");
}

export function send(request: S3Request, response: ServerResponse, answer: Exclude<Answer, undefined>): void {
  const status = answer.status ?? 200;
  const headers: Headers = { ...commonHeaders(request.raw.requestId), ...answer.headers };
  if (answer.xml !== undefined) {
    const body = Buffer.from(buildXml(answer.xml[0], answer.xml[1], S3_NAMESPACE), "utf8");
    response.writeHead(status, { ...headers, "Content-Type": "application/xml", "Content-Length": body.length });
    response.end(body);
    return;
  }
  const body = answer.body === undefined ? undefined : Buffer.from(answer.body);
  if (body !== undefined) headers["Content-Length"] = body.length;
  else if (status !== 204 && status !== 304 && headers["Content-Length"] === undefined) headers["Content-Length"] = 0;
  response.writeHead(status, headers);
  response.end(body);
}

/** `resource` is the path as the client named it. A HEAD gets the status alone. */
export function sendError(
  response: ServerResponse,
  where: { readonly method: string; readonly resource: string; readonly requestId: string },
  error: AwsError,
  extraHeaders: Headers = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers: Headers = { ...commonHeaders(where.requestId), ...extraHeaders, ...error.headers };
  if (error.statusCode === 304) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  headers["Content-Type"] = "application/xml";
  if (where.method === "HEAD") {
    response.writeHead(error.statusCode, headers);
    response.end();
    return;
  }
  const body = Buffer.from(errorXml(error, where.resource, where.requestId), "utf8");
  response.writeHead(error.statusCode, { ...headers, "Content-Length": body.length });
  response.end(body);
}

export function errorXml(error: AwsError, resource: string, requestId: string): string {
  return buildXml("Error", {
    Code: error.code,
    Message: error.message,
    ...(error.members as Record<string, XmlContent>),
    Resource: resource,
    RequestId: requestId,
    HostId: hostId(requestId),
  });
}

export function quoted(eTag: string): string {
  return `"${eTag}"`;
}

let lastSecond = { second: -1, text: "" };

/** `2026-04-01T12:00:00.000Z`: S3 shows whole seconds in this form too. Objects of a listing often share one. */
export function isoTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (lastSecond.second !== second) lastSecond = { second, text: new Date(second * 1000).toISOString() };
  return lastSecond.text;
}

let lastHttpSecond = { second: -1, text: "" };

/** Seconds only, as headers have it. */
export function httpTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (lastHttpSecond.second !== second) lastHttpSecond = { second, text: new Date(second * 1000).toUTCString() };
  return lastHttpSecond.text;
}
