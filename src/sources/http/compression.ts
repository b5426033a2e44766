/**
 * Compression of REST APIs that ask for it (`MinimumCompressionSize`): long enough answers for clients that take them,
 * and the bodies of requests, whatever their length.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gzip-compression-decompression.html
 */
import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate } from "node:zlib";
import { headerOf, type HeaderLine, type HttpAnswer, type HttpRequest } from "./message.js";

type Coding = "gzip" | "deflate";

const PACK = { gzip: promisify(gzip), deflate: promisify(deflate) } as const;
const UNPACK = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const;

/** "Payload size: 10 MB" */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

const isNamed = (name: string, [other]: HeaderLine): boolean => other.toLowerCase() === name;

/** What the function has encoded itself is left alone. */
export async function compressed(answer: HttpAnswer, minimumBytes: number, accepted: string): Promise<HttpAnswer> {
  const coding = codingIn(accepted);
  const isEncoded = answer.headers.some((line) => isNamed("content-encoding", line));
  if (coding === undefined || isEncoded || answer.body.length === 0 || answer.body.length < minimumBytes) return answer;
  return {
    ...answer,
    headers: [...answer.headers, ["Content-Encoding", coding]],
    body: await PACK[coding](answer.body),
  };
}

/** Undefined where the body is not what its header says, or too large without its packing. */
export async function decompressed(request: HttpRequest): Promise<HttpRequest | undefined> {
  const coding = headerOf(request, "content-encoding")?.trim().toLowerCase();
  if ((coding !== "gzip" && coding !== "deflate") || request.body.length === 0) return request;
  try {
    const body = await UNPACK[coding](request.body, { maxOutputLength: MAX_BODY_BYTES });
    return { ...request, body, headers: request.headers.filter((line) => !isNamed("content-encoding", line)) };
  } catch {
    return undefined;
  }
}

/** The first that both know; `q=0` is a refusal. */
function codingIn(accepted: string): Coding | undefined {
  for (const part of accepted.toLowerCase().split(",")) {
    const [name = "", ...parameters] = part.split(";").map((text) => text.trim());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) continue;
    if (name === "gzip" || name === "*") return "gzip";
    if (name === "deflate") return "deflate";
  }
  return undefined;
}
