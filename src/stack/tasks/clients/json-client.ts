/**
 * Calls in the AWS JSON protocol, for services whose SDK clients lambda-run does not carry: one POST with the operation in a
 * header. Step Functions writes all members in PascalCase; some of these APIs have them in camelCase on the wire.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject } from "../../../config/json.js";
import { realClock } from "../../../shared/clock.js";
import { addressUrl, type ServiceAddress } from "../../backends/endpoints.js";
import { asText, isoText, ServiceFault, type ServiceAnswer, type ServiceClient } from "../service-call.js";
import { signed } from "./sign.js";

export interface JsonApi {
  /** What stands before the operation in `X-Amz-Target`. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /** Signing name. */
  readonly scope: string;
  readonly camelCase: boolean;
  /** Members that are seconds on the wire and ISO texts in a state machine; in PascalCase. */
  readonly dates: ReadonlySet<string>;
  /** Members that are maps, whose keys are the caller's. */
  readonly maps: ReadonlySet<string>;
  /** Members that are text, and take any JSON. */
  readonly texts: ReadonlySet<string>;
  /** What it answers with besides the errors of its model. */
  readonly unmodeled: ReadonlySet<string>;
}

export class JsonClient implements ServiceClient {
  readonly #api: JsonApi;
  readonly #address: () => ServiceAddress;

  constructor(api: JsonApi, address: () => ServiceAddress) {
    this.#api = api;
    this.#address = address;
  }

  /** Which there are, the service knows. */
  hasOperation(): boolean {
    return true;
  }

  faults(): readonly string[] {
    return [];
  }

  async call(operation: string, parameters: JsonObject, signal: AbortSignal): Promise<ServiceAnswer> {
    const { target, version, scope } = this.#api;
    const address = this.#address();
    const keys = typeof address.credentials === "function" ? await address.credentials() : address.credentials;
    const url = new URL("/", addressUrl(address, scope));
    const body = JSON.stringify(this.#toWire(parameters));
    const headers = { "content-type": `application/x-amz-json-${version}`, "x-amz-target": `${target}.${operation}` };
    const request = { method: "POST", url, headers, body, region: address.region, service: scope };
    // The time of day: another server knows nothing of this stack's clock.
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: signed(request, keys, realClock.now()),
      signal,
    });
    const answer = (JSON.parse((await response.text()) || "{}") ?? {}) as JsonObject;
    const requestId = response.headers.get("x-amzn-requestid") ?? "";
    if (!response.ok) throw this.#fault(answer, response, requestId);
    return {
      output: this.#fromWire(answer),
      http: { statusCode: response.status, headers: Object.fromEntries(response.headers), requestId },
    };
  }

  #fault(answer: JsonObject, response: Response, requestId: string): ServiceFault {
    const type = asText(answer["__type"] ?? response.headers.get("x-amzn-errortype") ?? "UnknownError");
    const code = type.slice(type.lastIndexOf("#") + 1).replace(/:.*/, "");
    const message = answer["message"] ?? answer["Message"];
    return new ServiceFault({
      code,
      shape: this.#api.unmodeled.has(code) ? undefined : code,
      message: message === undefined || message === null ? undefined : asText(message),
      statusCode: response.status,
      requestId,
    });
  }

  #toWire(members: JsonObject): JsonObject {
    return this.#renamed(
      members,
      (name) => name,
      this.#wireName,
      (value) => {
        const ms = Date.parse(asText(value));
        return Number.isNaN(ms) ? value : ms / 1000;
      },
    );
  }

  #fromWire(members: JsonObject): JsonObject {
    return this.#renamed(members, pascal, pascal, (value) =>
      typeof value === "number" ? isoText(new Date(value * 1000)) : value,
    );
  }

  readonly #wireName = (name: string): string =>
    this.#api.camelCase ? name.charAt(0).toLowerCase() + name.slice(1) : name;

  /** `known` gives the PascalCase name, `next` the one to write. */
  #renamed(
    members: JsonObject,
    known: (name: string) => string,
    next: (name: string) => string,
    date: (value: Json) => Json,
  ): JsonObject {
    const { dates, maps, texts } = this.#api;
    const value = (name: string, of: Json): Json => {
      if (dates.has(name)) return date(of);
      if (texts.has(name)) return asText(of);
      if (Array.isArray(of)) return (of as readonly Json[]).map((item) => value("", item));
      if (!isJsonObject(of) || maps.has(name)) return of;
      return this.#renamed(of, known, next, date);
    };
    const entries = Object.entries(members).filter(([, of]) => of !== null);
    return Object.fromEntries(entries.map(([name, of]) => [next(name), value(known(name), of)]));
  }
}

const pascal = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
