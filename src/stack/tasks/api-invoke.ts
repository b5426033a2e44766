/**
 * `arn:aws:states:::apigateway:invoke`: a call of an API of the stack, through its own door.
 * https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html
 */
import { request as httpRequest } from "node:http";
import { isJsonObject, listOf, objectOf, textOf, type Json, type JsonObject } from "../../config/json.js";
import { StatesError } from "../../services/states/interpreter/states-error.js";
import { realClock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { ServiceAddress } from "../backends/endpoints.js";
import { signed } from "./clients/sign.js";
import { fault, fieldFaults, type Integration } from "./integration.js";
import { asText, jsonOrText } from "./service-call.js";

export interface ApiCalls {
  /** Base URL of an API, without the stage; undefined when the stack has none of that id. */
  readonly apiUrl: (apiId: string) => string | undefined;
  /** Of the embedded services, whose keys the APIs know. */
  readonly embedded: ServiceAddress;
}

/** Parameters of the integration, as the page above lists them. */
const FIELDS = [
  "ApiEndpoint",
  "Method",
  "Headers",
  "Stage",
  "Path",
  "QueryParameters",
  "RequestBody",
  "AllowNullValues",
  "AuthType",
];

const METHODS: readonly Json[] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
/** With any other method AWS leaves the body out, as the page's own example shows. */
const METHODS_WITH_BODY: ReadonlySet<string> = new Set(["PATCH", "POST", "PUT"]);
const AUTH_TYPES: readonly Json[] = ["NO_AUTH", "IAM_ROLE", "RESOURCE_POLICY"];

const FORBIDDEN_HEADER =
  /^(x-forwarded.*|x-amz.*|authorization|connection|content-md5|expect|host|max-forwards|proxy-authenticate|server|te|transfer-encoding|trailer|upgrade|via|www-authenticate)$/i;

/** Fields whose values AWS does not take: it says of each that its format is invalid. */
function valueFaults(parameters: JsonObject): string[] {
  const {
    Method: method,
    AuthType: authType = "NO_AUTH",
    Headers: headers = {},
    QueryParameters: query = {},
  } = parameters;
  const faulty: string[] = [];
  if (method !== undefined && !METHODS.includes(method)) faulty.push("Method");
  if (!isJsonObject(headers) || Object.keys(headers).some((name) => FORBIDDEN_HEADER.test(name)))
    faulty.push("Headers");
  if (!isJsonObject(query)) faulty.push("QueryParameters");
  if (!AUTH_TYPES.includes(authType)) faulty.push("AuthType");
  return faulty.map(fault.invalid);
}

interface HttpAnswer {
  readonly statusCode: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
}

export function apiIntegration(api: ApiCalls): Integration {
  return {
    faults: (parameters) => [...fieldFaults(FIELDS, ["ApiEndpoint", "Method"], parameters), ...valueFaults(parameters)],
    request: async (parameters, _executionArn, signal) => {
      try {
        return await apiInvoke(api, parameters, signal);
      } catch (error) {
        throw error instanceof StatesError ? error : new StatesError("ApiGateway.SdkClientException", messageOf(error));
      }
    },
  };
}

async function apiInvoke(api: ApiCalls, parameters: JsonObject, signal: AbortSignal): Promise<JsonObject> {
  const url = urlOf(api, parameters);
  const method = textOf(parameters["Method"]);
  const { RequestBody: given = null, AllowNullValues: keepsNulls } = parameters;
  const body =
    given === null || !METHODS_WITH_BODY.has(method) ? "" : asText(keepsNulls === true ? given : withoutNulls(given));
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(objectOf(parameters["Headers"]))) headers[name] = listOrOne(value);
  if (body !== "" && !Object.keys(headers).some((name) => name.toLowerCase() === "content-type"))
    headers["Content-Type"] = "application/json";
  if (isSigned(parameters)) Object.assign(headers, await signature(api, url, method, body));
  const answer = await send(url, method, headers, body, signal);
  if (answer.statusCode < 200 || answer.statusCode > 299)
    throw new StatesError(`ApiGateway.${answer.statusCode}`, answer.body);
  return {
    Headers: answer.headers,
    ResponseBody: jsonOrText(answer.body),
    StatusCode: answer.statusCode,
    StatusText: answer.statusText,
  };
}

/** Of an API that is not here AWS would say that it knows no such host. */
function urlOf(api: ApiCalls, parameters: JsonObject): URL {
  const host = textOf(parameters["ApiEndpoint"]);
  const base = api.apiUrl(host.slice(0, host.indexOf(".")));
  if (base === undefined) throw new StatesError("ApiGateway.UnknownHostException", host);
  const parts = [parameters["Stage"], parameters["Path"]].map((part) => textOf(part).replace(/^\/+/, ""));
  const url = new URL(`${base}/${parts.filter((part) => part !== "").join("/")}`);
  for (const [name, value] of Object.entries(objectOf(parameters["QueryParameters"])))
    for (const item of [listOrOne(value)].flat()) url.searchParams.append(name, item);
  return url;
}

const listOrOne = (value: Json): string | string[] =>
  Array.isArray(value) ? listOf(value).map((item) => asText(item)) : asText(value);

/** With IAM_ROLE and with RESOURCE_POLICY the request is signed; roles and policies are not looked at. */
const isSigned = ({ AuthType: authType }: JsonObject): boolean =>
  authType === "IAM_ROLE" || authType === "RESOURCE_POLICY";

async function signature(
  { embedded: { credentials, region } }: ApiCalls,
  url: URL,
  method: string,
  body: string,
): Promise<Record<string, string>> {
  const keys = typeof credentials === "function" ? await credentials() : credentials;
  return signed({ method, url, headers: {}, body, region, service: "execute-api" }, keys, realClock.now());
}

function send(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string | string[]>>,
  body: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode = 0, statusMessage: statusText = "", rawHeaders } = response;
        resolve({ statusCode, statusText, headers: headerLists(rawHeaders), body: Buffer.concat(chunks).toString() });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** Names as they were sent; what Node's server says of its connection is left out. */
function headerLists(raw: readonly string[]): Record<string, readonly string[]> {
  const lists = new Map<string, string[]>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    lists.set(name, [...(lists.get(name) ?? []), raw[i + 1] ?? ""]);
  }
  lists.delete("Keep-Alive");
  return Object.fromEntries(lists);
}

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return listOf(value).map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutNulls(member)]));
}
