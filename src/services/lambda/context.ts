/** What every operation works with. */
import type { ServerResponse } from "node:http";
import type { RuntimeHost } from "../../runtime/host.js";
import type { Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { JsonObject } from "../kit/json-protocol.js";
import type { ServiceRequest } from "../service.js";
import type { CodeFolder } from "./code-folder.js";
import type { AsyncQueue, MappingManager, ObjectReader } from "./collaborators.js";
import type { DurableExecutions } from "./durable/executions.js";
import { LATEST, type FunctionDirectory } from "./directory.js";
import { functionNotFound, invalidParameter, preconditionFailed, type RevisionSource } from "./errors.js";
import { parseFunctionName, type FunctionReference } from "./function-name.js";
import type { FunctionRecord } from "./records.js";
import type { Rows } from "./rows.js";
import type { Turns } from "./turns.js";
import { arnOf } from "../../shared/arn.js";

export interface LambdaContext {
  readonly realm: Realm;
  readonly clock: Clock;
  readonly host: RuntimeHost;
  readonly rows: Rows;
  readonly code: CodeFolder;
  readonly directory: FunctionDirectory;
  readonly turns: Turns;
  readonly async: () => Promise<AsyncQueue>;
  readonly mappings: () => Promise<MappingManager>;
  readonly readObject: ObjectReader;
  /** Loaded at the first call. */
  readonly durable: () => Promise<DurableExecutions>;
  /** Address of a function URL. */
  readonly functionUrl: (urlId: string) => string;
}

/** One request to the API, taken apart. */
export interface Call {
  readonly context: LambdaContext;
  /** Variables of the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly input: JsonObject;
  readonly request: ServiceRequest;
  /** As the operation is called in the API model. */
  readonly operation: string;
}

export interface Answer {
  /** 200 unless said otherwise. */
  readonly status?: number;
  readonly body?: JsonObject;
}

export type Operation = (call: Call) => Promise<Answer> | Answer;

/** Reads its own body and writes its own answer: the invocations. */
export type RawOperation = (call: Omit<Call, "input">, response: ServerResponse) => Promise<void>;

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** As the API model writes it: `/2015-03-31/functions/{FunctionName}`; `{Name+}` may have slashes in it. */
  readonly path: string;
  readonly name: string;
  /** What the query string has to say, where two operations share a path: `List=ALL`. */
  readonly query?: string;
  readonly run?: Operation;
  readonly raw?: RawOperation;
}

export function referenceOf({ context, path, query }: Omit<Call, "input">): FunctionReference {
  return parseFunctionName(path["FunctionName"] ?? "", query.get("Qualifier") ?? undefined, context.realm);
}

export const functionArn = ({ realm }: Pick<LambdaContext, "realm">, name: string, qualifier?: string): string =>
  arnOf.function(realm, name, qualifier);

/** The function itself; `shown` is the qualifier that AWS repeats in its refusal. */
export function requireFunction(context: LambdaContext, name: string, shown?: string): FunctionRecord {
  const record = context.directory.latest(name);
  if (record === undefined) throw functionNotFound(functionArn(context, name, shown));
  return record;
}

/** The version that a qualifier stands for, aliases followed. */
export function requireVersion(context: LambdaContext, { name, qualifier }: FunctionReference): FunctionRecord {
  const { directory } = context;
  const version = qualifier === undefined ? LATEST : (directory.alias(name, qualifier)?.version ?? qualifier);
  const record = directory.version(name, version);
  if (record === undefined) throw functionNotFound(functionArn(context, name, qualifier));
  return record;
}

export function checkRevision(expected: string | undefined, actual: string, call: RevisionSource): void {
  if (expected !== undefined && expected !== actual) throw preconditionFailed(call);
}

/** One page of a list, and the marker of the next: the number of the first row left out. `maximum` is the size of a page. */
export function page<T>(
  rows: readonly T[],
  query: URLSearchParams,
  maximum: number,
): { readonly rows: readonly T[]; readonly next: { readonly NextMarker?: string } } {
  const size = Math.min(maximum, Number(query.get("MaxItems") ?? maximum));
  const marker = Buffer.from(query.get("Marker") ?? "", "base64url").toString();
  if (!/^\d*$/.test(marker)) throw invalidParameter("The provided marker is not valid.");
  const end = Number(marker) + size;
  return {
    rows: rows.slice(Number(marker), end),
    next: end < rows.length ? { NextMarker: Buffer.from(String(end)).toString("base64url") } : {},
  };
}
