/**
 * `arn:aws:states:::http:invoke`: a call of somebody else's API, with what a connection of EventBridge adds to it.
 * https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html
 */
import { isJsonObject, listOf, objectOf, textOf, type Json, type JsonObject } from "../../config/json.js";
import { ConnectionError, type ConnectionAccess } from "../../services/events/connections/access.js";
import type { EventsAdmin } from "../../services/events/index.js";
import {
  callHttp,
  HttpCallError,
  type HttpAnswer,
  type HttpCall,
  type NameAndValue,
} from "../../services/kit/http-call.js";
import { isOutsideUrl } from "../../services/kit/outside-url.js";
import { WITHHELD_HEADERS } from "../../services/kit/withheld-headers.js";
import { tooLargeCause } from "../../services/states/interpreter/payload-limit.js";
import { StatesError } from "../../services/states/interpreter/states-error.js";
import type { HttpExchange, HttpMessage } from "../../services/states/interpreter/task-runner.js";
import type { Realm } from "../../shared/arn.js";
import { ARRAY_FORMATS, formEncoded, type ArrayFormat } from "./form-encoding.js";
import { fault, fieldFaults, type Integration } from "./integration.js";
import { asText, jsonOrText } from "./service-call.js";

export interface HttpCalls {
  readonly realm: Realm;
  readonly events: () => Promise<Pick<EventsAdmin, "connectionAccess" | "connectionRefused">>;
  /** Where a URL of the stack is on this machine. */
  readonly localUrl: (url: string) => string;
}

const FIELDS = [
  "ApiEndpoint",
  "Method",
  "Authentication",
  "InvocationConfig",
  "Headers",
  "QueryParameters",
  "RequestBody",
  "Transform",
];
const METHODS: readonly Json[] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
const ENCODINGS: readonly Json[] = ["NONE", "URL_ENCODED"];
/** "HTTP task requests will timeout after 60 seconds." */
const ANSWER_TIMEOUT_MS = 60_000;
/** As the header Range asks for: 262,145 bytes. */
const MAX_ANSWER_BYTES = 262_145;
const FORBIDDEN = /^(authorization|server|x-forwarded-.*|x-amzn?-.*)$/i;
/** "An HTTP Task fails" with such an answer. */
const UNREADABLE = /^\s*(application\/octet-stream|image\/|video\/|audio\/)/i;

export function httpIntegration(calls: HttpCalls): Integration {
  return {
    faults: (parameters) => [...fieldFaults(FIELDS, ["ApiEndpoint", "Method"], parameters), ...valueFaults(parameters)],
    request: (parameters, _executionArn, signal, exchanged) => httpInvoke(calls, parameters, signal, exchanged),
  };
}

function valueFaults(parameters: JsonObject): string[] {
  const { ApiEndpoint: endpoint, Method: method, Headers: headers = {}, QueryParameters: query = {} } = parameters;
  const faults: string[] = [];
  if (endpoint !== undefined && !isOutsideUrl(textOf(endpoint))) faults.push(fault.invalid("ApiEndpoint"));
  if (method !== undefined && !METHODS.includes(method)) faults.push(fault.invalid("Method"));
  if (connectionArnIn(parameters) === "") faults.push(fault.missing("ConnectionArn"));
  const isForbidden = (name: string): boolean => WITHHELD_HEADERS.has(name.toLowerCase()) || FORBIDDEN.test(name);
  if (!isJsonObject(headers) || Object.keys(headers).some(isForbidden)) faults.push(fault.invalid("Headers"));
  if (!isJsonObject(query)) faults.push(fault.invalid("QueryParameters"));
  const { encoding, arrayFormat } = transformIn(parameters);
  if (!ENCODINGS.includes(encoding)) faults.push(fault.invalid("RequestBodyEncoding"));
  if (!ARRAY_FORMATS.some((known) => known === arrayFormat)) faults.push(fault.invalid("ArrayFormat"));
  return faults;
}

/** Either of the two fields has it. */
const connectionArnIn = ({ Authentication, InvocationConfig }: JsonObject): string =>
  textOf(objectOf(InvocationConfig)["ConnectionArn"] ?? objectOf(Authentication)["ConnectionArn"]);

function transformIn({ Transform }: JsonObject): { readonly encoding: Json; readonly arrayFormat: Json } {
  const { RequestBodyEncoding: encoding = "NONE", RequestEncodingOptions: options } = objectOf(Transform);
  return { encoding, arrayFormat: objectOf(options)["ArrayFormat"] ?? "INDICES" };
}

async function httpInvoke(
  calls: HttpCalls,
  parameters: JsonObject,
  signal: AbortSignal,
  exchanged: (exchange: () => HttpExchange) => void,
): Promise<Json> {
  const events = await calls.events();
  const connectionArn = connectionArnIn(parameters);
  const access = await accessBy(events, connectionArn, signal);
  const call = requestOf(calls, parameters, access, signal);
  const shown = (answer: HttpAnswer | undefined): HttpExchange => ({
    request: shownRequest(requestOf(calls, parameters, NOTHING, signal)),
    revealedRequest: shownRequest(call),
    response: answer && shownResponse(call, answer),
  });
  let answer: HttpAnswer;
  try {
    answer = await callHttp(call);
  } catch (error) {
    exchanged(() => shown(undefined));
    throw failureOf(error);
  }
  exchanged(() => shown(answer));
  const { statusCode } = answer;
  if (statusCode === 401 || statusCode === 407) events.connectionRefused(connectionArn);
  if (statusCode < 200 || statusCode > 299)
    throw new StatesError(`States.Http.StatusCode.${statusCode}`, answer.body.toString());
  return resultOf(answer);
}

const NOTHING: ConnectionAccess = { headers: [], query: [], body: [] };

async function accessBy(
  events: Pick<EventsAdmin, "connectionAccess">,
  connectionArn: string,
  signal: AbortSignal,
): Promise<ConnectionAccess> {
  try {
    return await events.connectionAccess(connectionArn, signal);
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    throw new StatesError(`Events.ConnectionResource.${error.code}`, error.message);
  }
}

/** What is not an answer of the server: it was too slow, could not be reached, or was not to be asked like this. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof HttpCallError)) return error;
  return new StatesError(error.kind === "invalid" ? "States.Runtime" : "States.Http.Socket", error.message);
}

/** Where both say something, the connection has the last word. */
function requestOf(
  { realm, localUrl }: HttpCalls,
  parameters: JsonObject,
  access: ConnectionAccess,
  signal: AbortSignal,
): HttpCall {
  const url = new URL(localUrl(textOf(parameters["ApiEndpoint"])));
  addQuery(url, objectOf(parameters["QueryParameters"]), access.query);
  const body = bodyOf(parameters, access.body);
  const given = Object.entries(objectOf(parameters["Headers"])).map(([name, value]): NameAndValue => [
    name,
    texts(value).join(", "),
  ]);
  return {
    url,
    method: textOf(parameters["Method"]),
    headers: [
      ...(body === undefined ? [] : [["Content-Type", "application/json; charset=UTF-8"] as const]),
      ...given,
      ...access.headers,
      ["User-Agent", `Amazon|StepFunctions|HttpInvoke|${realm.region}`],
      ["Range", `bytes=0-${MAX_ANSWER_BYTES - 1}`],
    ],
    body: body === undefined ? undefined : Buffer.from(body),
    timeoutMs: ANSWER_TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
    signal,
  };
}

const texts = (value: Json): string[] => (Array.isArray(value) ? listOf(value).map(asText) : [asText(value)]);

function addQuery(url: URL, given: JsonObject, ofConnection: readonly NameAndValue[]): void {
  for (const [name, value] of Object.entries(given))
    for (const text of texts(value)) url.searchParams.append(name, text);
  for (const [name, value] of ofConnection) url.searchParams.set(name, value);
}

function bodyOf(parameters: JsonObject, ofConnection: readonly NameAndValue[]): string | undefined {
  const given = parameters["RequestBody"];
  if (given === undefined && ofConnection.length === 0) return undefined;
  if (given !== undefined && !isJsonObject(given) && ofConnection.length > 0)
    throw new StatesError(
      "States.Runtime",
      "The request body and the body parameters of the connection could not be merged: the request body is not an object",
    );
  const body = isJsonObject(given ?? {})
    ? { ...objectOf(given), ...Object.fromEntries(ofConnection) }
    : (given ?? null);
  const { encoding, arrayFormat } = transformIn(parameters);
  return encoding === "URL_ENCODED" && isJsonObject(body)
    ? formEncoded(body, arrayFormat as ArrayFormat)
    : asText(body);
}

function resultOf({ statusCode, statusText, headers, body, truncated }: HttpAnswer): JsonObject {
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  if (UNREADABLE.test(type))
    throw new StatesError("States.Runtime", `The response has the content type ${type}, which is not supported`);
  if (truncated) throw new StatesError("States.DataLimitExceeded", tooLargeCause("http"));
  return {
    Headers: headerLists(headers),
    ResponseBody: jsonOrText(textIn(body)),
    StatusCode: statusCode,
    StatusText: statusText,
  };
}

/** AWS shows their names in small letters. */
function headerLists(headers: HttpAnswer["headers"]): Record<string, readonly string[]> {
  const lists = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    lists.set(key, [...(lists.get(key) ?? []), value]);
  }
  return Object.fromEntries(lists);
}

function textIn(body: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (error) {
    throw new StatesError("States.Runtime", `The response could not be read as a text: ${String(error)}`);
  }
}

const shownHeaders = (headers: readonly NameAndValue[]): string =>
  `[${headers.map(([name, value]) => `${name}: ${value}`).join(", ")}]`;

const protocolOf = ({ url }: HttpCall): string => url.protocol.replace(":", "");

const shownRequest = (call: HttpCall): HttpMessage => ({
  protocol: protocolOf(call),
  method: call.method,
  url: call.url.href,
  headers: shownHeaders(call.headers),
  ...(call.body === undefined ? {} : { body: call.body.toString() }),
});

const shownResponse = (call: HttpCall, { statusCode, statusText, headers, body }: HttpAnswer): HttpMessage => ({
  protocol: protocolOf(call),
  statusCode: String(statusCode),
  statusMessage: statusText,
  headers: shownHeaders(headers),
  body: body.toString(),
});
