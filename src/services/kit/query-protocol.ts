/**
 * The AWS Query protocol: parameters in a form body or in the URL, XML out. SQS, STS and CloudWatch still speak it.
 * Protocol: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 *
 * An operation is the same function that answers the JSON protocol; its two shapes say how members look on the wire:
 *
 *     const operations: Record<string, QueryOperation> = {
 *       GetCallerIdentity: {
 *         input: structure({}),
 *         output: structure({ UserId: "string", Account: "string", Arn: "string" }),
 *         run: (input, request) => ({ UserId: ..., Account: ..., Arn: ... }),
 *       },
 *     };
 *     await handleQuery(request, response, { version, xmlNamespace, operations, maxBodyBytes, log });
 *
 * Values have the form they have in the JSON protocol: `integer` and `double` are numbers, `boolean` is a boolean,
 * `timestamp` is epoch seconds (ISO 8601 on the wire), `blob` is base64 text. Parameters outside the input shape are ignored.
 */
import type { ServerResponse } from "node:http";
import type { Logger } from "../../shared/logger.js";
import type { ServiceRequest } from "../service.js";
import { AwsError } from "./aws-error.js";
import { readBody } from "./body.js";
import { refusalOf, type JsonObject, type JsonOperation } from "./json-protocol.js";

type ScalarShape = "string" | "integer" | "double" | "boolean" | "timestamp" | "blob";

/** `Name.member.1` ..., or flattened: `wireName.1` ... */
export interface ListShape {
  readonly kind: "list";
  readonly of: Shape;
  /** Set when flattened: what the list is called on the wire (`Attributes` travels as `Attribute.1`). */
  readonly wireName: string | undefined;
}

/** `Name.entry.1.key` and `Name.entry.1.value`, or flattened: `wireName.1.keyName` and `wireName.1.valueName`. */
export interface MapShape {
  readonly kind: "map";
  readonly of: Shape;
  readonly wireName: string | undefined;
  readonly keyName: string;
  readonly valueName: string;
}

export interface StructureShape {
  readonly kind: "structure";
  readonly members: Readonly<Record<string, Shape>>;
}

export type Shape = ScalarShape | ListShape | MapShape | StructureShape;

export const structure = (members: Readonly<Record<string, Shape>>): StructureShape => ({ kind: "structure", members });
export const list = (of: Shape): ListShape => ({ kind: "list", of, wireName: undefined });
export const flatList = (wireName: string, of: Shape): ListShape => ({ kind: "list", of, wireName });
export const map = (of: Shape): MapShape => ({
  kind: "map",
  of,
  wireName: undefined,
  keyName: "key",
  valueName: "value",
});
export const flatMap = (wireName: string, keyName: string, valueName: string, of: Shape): MapShape => ({
  kind: "map",
  of,
  wireName,
  keyName,
  valueName,
});

export interface QueryOperation {
  readonly input: StructureShape;
  /** Absent when the operation answers nothing but its request id. */
  readonly output?: StructureShape;
  readonly run: JsonOperation;
}

export interface QueryProtocolOptions {
  /** `2012-11-05`; named in the error for an unknown action. */
  readonly version: string;
  /** `http://queue.amazonaws.com/doc/2012-11-05/` */
  readonly xmlNamespace: string;
  readonly operations: Readonly<Record<string, QueryOperation>>;
  readonly maxBodyBytes: number;
  /** SQS closes its errors with an empty `<Detail/>`. */
  readonly errorDetail?: boolean;
  /** Rewords an error for this protocol: SQS says some things otherwise to the clients of old. */
  readonly rewordError?: (error: AwsError) => AwsError;
  /** False for an action that this path does not offer; all are offered without it. */
  readonly offers?: (action: string, request: ServiceRequest) => boolean;
  /** SQS answers a request that names no action with 404 and a bare element. */
  readonly unknownOperationXml?: string;
  readonly log: Logger;
}

/** True for a request that names its operation by an `Action` parameter and not by `X-Amz-Target`. */
export function isQueryRequest(request: ServiceRequest): boolean {
  if (request.headers["x-amz-target"] !== undefined) return false;
  const contentType = request.headers["content-type"] ?? "";
  return (
    contentType.startsWith("application/x-www-form-urlencoded") ||
    /(^|&)Action=/.test(request.query) ||
    contentType === ""
  );
}

/** Answers one Query-protocol request, errors included. Never throws for a client's mistake. */
export async function handleQuery(
  request: ServiceRequest,
  response: ServerResponse,
  options: QueryProtocolOptions,
): Promise<void> {
  try {
    const parameters = await readParameters(request, options.maxBodyBytes);
    const action = parameters.children.get("Action")?.value;
    if (action === undefined || action === "") {
      if (options.unknownOperationXml !== undefined) {
        sendXml(response, 404, request.requestId, options.unknownOperationXml);
        return;
      }
      throw new AwsError("MissingAction", "The request must contain the parameter Action.");
    }
    const operation = Object.hasOwn(options.operations, action) ? options.operations[action] : undefined;
    if (operation === undefined || options.offers?.(action, request) === false) {
      throw new AwsError("InvalidAction", `The action ${action} is not valid for this endpoint.`);
    }
    const input = decodeStructure(parameters, operation.input, "");
    const output = await operation.run(input, request);
    if (wantsJson(request)) {
      sendJson(response, 200, request.requestId, {
        [`${action}Response`]: {
          ...(operation.output === undefined ? {} : { [`${action}Result`]: output }),
          ResponseMetadata: { RequestId: request.requestId },
        },
      });
      return;
    }
    sendXml(
      response,
      200,
      request.requestId,
      responseXml(action, operation, output, request.requestId, options.xmlNamespace),
    );
  } catch (error) {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const known = refusalOf(options.log, error);
    const wire = options.rewordError?.(known) ?? known;
    if (wantsJson(request)) {
      const { code, fault: Type, headers, message: Message, queryCode: Code = code } = wire;
      const body = { Error: { Code, Message, Type }, RequestId: request.requestId };
      sendJson(response, wire.statusCode, request.requestId, body, headers);
      return;
    }
    sendXml(response, wire.statusCode, request.requestId, errorXml(wire, request.requestId, options), wire.headers);
  }
}

/** Parameters as a tree: `A.1.B=x` is A -> 1 -> B = x. Maps, so that no name of a client's can touch a prototype. */
interface ParameterNode {
  value: string | undefined;
  readonly children: Map<string, ParameterNode>;
}

/** Deeper than any AWS input; a longer name cannot be one of ours. */
const MAX_NAME_PARTS = 16;

async function readParameters(request: ServiceRequest, maxBodyBytes: number): Promise<ParameterNode> {
  const root: ParameterNode = { value: undefined, children: new Map() };
  addParameters(root, request.query);
  const body = await readBody(request, maxBodyBytes);
  addParameters(root, body.toString("utf8"));
  return root;
}

function addParameters(root: ParameterNode, text: string): void {
  for (const [name, value] of new URLSearchParams(text)) {
    const parts = name.split(".", MAX_NAME_PARTS);
    let node = root;
    for (const part of parts) {
      let child = node.children.get(part);
      if (child === undefined) {
        child = { value: undefined, children: new Map() };
        node.children.set(part, child);
      }
      node = child;
    }
    node.value = value;
  }
}

function decodeStructure(node: ParameterNode, shape: StructureShape, path: string): JsonObject {
  const result: JsonObject = {};
  for (const [name, member] of Object.entries(shape.members)) {
    const wireName = typeof member === "object" && "wireName" in member ? (member.wireName ?? name) : name;
    const child = node.children.get(wireName);
    if (child !== undefined) result[name] = decode(child, member, `${path}${wireName}`);
  }
  return result;
}

function decode(node: ParameterNode, shape: Shape, path: string): unknown {
  if (typeof shape === "string") return decodeScalar(node.value ?? "", shape, path);
  if (shape.kind === "structure") return decodeStructure(node, shape, `${path}.`);
  const holder = shape.wireName === undefined ? node.children.get(shape.kind === "list" ? "member" : "entry") : node;
  const entries = holder === undefined ? [] : numberedChildren(holder);
  if (shape.kind === "list") {
    // `AttributeName=All`, without a number, is a list of one.
    if (entries.length === 0 && node.value !== undefined && node.value !== "") return [decode(node, shape.of, path)];
    return entries.map((entry, index) => decode(entry, shape.of, `${path}.${index + 1}`));
  }
  const result: JsonObject = {};
  for (const [index, entry] of entries.entries()) {
    const key = entry.children.get(shape.keyName)?.value;
    const value = entry.children.get(shape.valueName);
    if (key === undefined) throw new AwsError("MalformedInput", `Key missing for map entry at ${path}.${index + 1}`);
    defineOwn(
      result,
      key,
      value === undefined ? "" : decode(value, shape.of, `${path}.${index + 1}.${shape.valueName}`),
    );
  }
  return result;
}

/** Assigns a client's key as an own property even when it is `__proto__`. */
function defineOwn(target: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function numberedChildren(node: ParameterNode): ParameterNode[] {
  return [...node.children]
    .filter(([name]) => /^\d{1,9}$/.test(name))
    .sort(([left], [right]) => Number(left) - Number(right))
    .map(([, child]) => child);
}

function decodeScalar(text: string, shape: ScalarShape, path: string): string | number | boolean {
  switch (shape) {
    case "integer":
      if (!/^[+-]?\d{1,15}$/.test(text)) throw malformed(text, path, "an integer");
      return Number(text);
    case "double":
      if (text.trim() === "" || Number.isNaN(Number(text))) throw malformed(text, path, "a number");
      return Number(text);
    case "boolean":
      if (!/^(true|false)$/i.test(text)) throw malformed(text, path, "a boolean");
      return text.toLowerCase() === "true";
    case "timestamp": {
      const timeMs = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
      if (Number.isNaN(timeMs)) throw malformed(text, path, "a timestamp");
      return timeMs / 1000;
    }
    default:
      return text;
  }
}

function malformed(text: string, path: string, wanted: string): AwsError {
  return new AwsError("MalformedInput", `The value ${text.slice(0, 100)} of parameter ${path} is not ${wanted}.`);
}

function responseXml(
  action: string,
  operation: QueryOperation,
  output: JsonObject,
  requestId: string,
  namespace: string,
): string {
  const result =
    operation.output === undefined
      ? ""
      : `<${action}Result>${encodeStructure(output, operation.output)}</${action}Result>`;
  return `<?xml version="1.0"?><${action}Response xmlns="${namespace}">${result}<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`;
}

function errorXml(error: AwsError, requestId: string, options: QueryProtocolOptions): string {
  const code = escapeXml(error.queryCode ?? error.code);
  const detail = options.errorDetail === true ? "<Detail/>" : "";
  return `<?xml version="1.0"?><ErrorResponse xmlns="${options.xmlNamespace}"><Error><Type>${error.fault}</Type><Code>${code}</Code><Message>${escapeXml(error.message)}</Message>${detail}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
}

function encodeStructure(value: JsonObject, shape: StructureShape): string {
  let xml = "";
  for (const [name, member] of Object.entries(shape.members)) {
    const child = value[name];
    if (child !== undefined && child !== null) xml += encodeMember(name, child, member);
  }
  return xml;
}

function encodeMember(name: string, value: unknown, shape: Shape): string {
  if (typeof shape === "string") return `<${name}>${encodeScalar(value, shape)}</${name}>`;
  if (shape.kind === "structure") return `<${name}>${encodeStructure(value as JsonObject, shape)}</${name}>`;
  if (shape.kind === "list") {
    const items = (value as readonly unknown[])
      .map((item) => encodeMember(shape.wireName ?? "member", item, shape.of))
      .join("");
    return shape.wireName === undefined ? `<${name}>${items}</${name}>` : items;
  }
  const entryName = shape.wireName ?? "entry";
  const entries = Object.entries(value as JsonObject)
    .map(
      ([key, item]) =>
        `<${entryName}><${shape.keyName}>${escapeXml(key)}</${shape.keyName}>${encodeMember(shape.valueName, item, shape.of)}</${entryName}>`,
    )
    .join("");
  return shape.wireName === undefined ? `<${name}>${entries}</${name}>` : entries;
}

function encodeScalar(value: unknown, shape: ScalarShape): string {
  if (shape === "timestamp") return new Date(Number(value) * 1000).toISOString();
  return escapeXml(String(value));
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\r": "&#xD;",
};

/**
 * A carriage return is written as a reference, else every XML parser turns it into a line feed. (kit/xml.ts escapes for
 * S3 and brings a parser along, which none of the services here needs at its start.)
 */
function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r]/g, (character) => XML_ENTITIES[character] ?? character);
}

/** API Gateway asks so, and shows what it gets: `{"SendMessageResponse":{"SendMessageResult":{...}}}`. No SDK does. */
const wantsJson = ({ headers }: ServiceRequest): boolean => /^application\/json\b/.test(headers.accept ?? "");

function sendJson(
  response: ServerResponse,
  statusCode: number,
  requestId: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(statusCode, {
    "Content-Type": "application/json",
    "Content-Length": bytes.length,
    "x-amzn-RequestId": requestId,
    ...headers,
  });
  response.end(bytes);
}

function sendXml(
  response: ServerResponse,
  statusCode: number,
  requestId: string,
  xml: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = Buffer.from(xml);
  response.writeHead(statusCode, {
    "Content-Type": "text/xml",
    "Content-Length": bytes.length,
    "x-amzn-RequestId": requestId,
    ...headers,
  });
  response.end(bytes);
}
