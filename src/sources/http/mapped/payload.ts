/**
 * Bodies as text or as bytes: what a REST API makes of them by its binary media types and `contentHandling`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
 */
import type { ContentHandling } from "../../../config/api-integration.js";
import { isBinaryType } from "../event-v1.js";
import { headerOf, mediaTypeOf, type HeaderLine, type HttpRequest } from "../message.js";

const isBinary = (headers: readonly HeaderLine[], name: "accept" | "content-type", types: readonly string[]): boolean =>
  // Of several accepted types only the first counts.
  isBinaryType(mediaTypeOf((headerOf({ headers }, name) ?? "").split(",", 1)[0]), types);

const decoded = (body: Buffer): Buffer => Buffer.from(body.toString("utf8"), "base64");
const encoded = (body: Buffer): Buffer => Buffer.from(body.toString("base64"));
/** What is no UTF-8 does not stay what it was. */
const asText = (body: Buffer): Buffer => Buffer.from(body.toString("utf8"));

export function requestPayload(
  { body, headers }: HttpRequest,
  handling: ContentHandling | undefined,
  binaryMediaTypes: readonly string[],
): Buffer {
  if (isBinary(headers, "content-type", binaryMediaTypes)) return handling === "CONVERT_TO_TEXT" ? encoded(body) : body;
  return handling === "CONVERT_TO_BINARY" ? decoded(body) : asText(body);
}

/** `headers` are those of the integration's answer, `asked` those of the request. */
export function responsePayload(
  body: Buffer,
  headers: readonly HeaderLine[],
  asked: readonly HeaderLine[],
  handling: ContentHandling | undefined,
  binaryMediaTypes: readonly string[],
): Buffer {
  const isBinaryWanted = isBinary(asked, "accept", binaryMediaTypes);
  if (isBinary(headers, "content-type", binaryMediaTypes))
    return handling === "CONVERT_TO_TEXT" || (handling === undefined && !isBinaryWanted) ? encoded(body) : body;
  return handling === "CONVERT_TO_BINARY" || (handling === undefined && isBinaryWanted) ? decoded(body) : asText(body);
}
