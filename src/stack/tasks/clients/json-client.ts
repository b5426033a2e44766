/**
 * Calls in the AWS JSON protocol, for services whose SDK clients lambda-run does not carry: one POST with the operation in a
 * header. Step Functions writes all members in PascalCase; some of these APIs have them in camelCase on the wire.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject } from "../../../config/json.js";
import { addressUrl, type ServiceAddress } from "../../backends/endpoints.js";
import { asText, isoText, type ServiceAnswer, type ServiceClient } from "../service-call.js";
import { sendSigned } from "./signed-request.js";

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
    const { target, version, scope, unmodeled } = this.#api;
    const address = this.#address();
    const request = {
      method: "POST",
      url: new URL("/", addressUrl(address, scope)),
      headers: { "content-type": `application/x-amz-json-${version}`, "x-amz-target": `${target}.${operation}` },
      body: JSON.stringify(this.#toWire(parameters)),
      service: scope,
    };
    const { members, http } = await sendSigned(request, address, unmodeled, signal);
    return { output: this.#fromWire(members), http };
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
