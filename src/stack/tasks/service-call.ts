/** One call of an AWS API as the integrations of Step Functions make it, whichever client carries it out. */
import type { Json, JsonObject } from "../../config/json.js";
import type { Names } from "./clients/members.js";

export interface ServiceAnswer {
  /** Members in PascalCase, under the names asked for; dates as ISO texts, streams as text. */
  readonly output: JsonObject;
  readonly http: HttpAnswer;
}

/** What SdkHttpMetadata shows of an answer. */
export interface HttpAnswer {
  readonly statusCode: number;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestId: string;
}

export interface ServiceClient {
  /** The names of its operations are those of the API: `PutItem`. */
  hasOperation(operation: string): boolean;
  /** What AWS finds wrong with the parameters before it calls anything. */
  faults(operation: string, parameters: JsonObject, names: Names): readonly string[];
  /** Rejects with ServiceFault, and with anything else when no answer came. */
  call(operation: string, parameters: JsonObject, signal: AbortSignal, names: Names): Promise<ServiceAnswer>;
}

export interface FaultParts {
  /** As it stands on the wire: `InvalidParameter`, `AWS.SimpleQueueService.NonExistentQueue`. */
  readonly code: string;
  /** Name of the error in the API model; undefined for an error that the model does not have. */
  readonly shape: string | undefined;
  /** Undefined where the answer had no body. */
  readonly message: string | undefined;
  readonly statusCode: number;
  readonly requestId: string;
  /** S3's second id. */
  readonly extendedRequestId?: string | undefined;
}

/** An error that the service answered with. */
export class ServiceFault extends Error {
  override readonly name = "ServiceFault";
  readonly parts: FaultParts;

  constructor(parts: FaultParts) {
    super(parts.message ?? parts.code);
    this.parts = parts;
  }
}

/** `putItem` of a resource is the API's `PutItem`. */
export const operationOf = (action: string): string => action.charAt(0).toUpperCase() + action.slice(1);

/** A field that takes text takes any JSON, which is then written out. */
export const asText = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Of an answer, which is JSON more often than not. */
export function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** A parameter that is text; null is no value. */
export function textParameter(parameters: JsonObject, name: string): string | undefined {
  const value = parameters[name];
  return value === undefined || value === null ? undefined : asText(value);
}

/** As Java writes an Instant: no milliseconds when there are none. */
export const isoText = (date: Date): string => date.toISOString().replace(".000Z", "Z");
