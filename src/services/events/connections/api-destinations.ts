/** Operations on API destinations. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html */
import { randomUUID } from "node:crypto";
import { arnOf, parseArn } from "../../../shared/arn.js";
import { numberMember, stringMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { isOutsideUrl } from "../../kit/outside-url.js";
import { checkedName, page, seconds, withPrefix, type EventsContext, type Operations } from "../context.js";
import { eventsError } from "../errors.js";
import { connectionByArn } from "./access.js";
import type { ApiDestinationRow } from "./store.js";

export const METHODS = ["POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"] as const;
const MAX_DESCRIPTION_LENGTH = 512;
const MAX_ENDPOINT_LENGTH = 2048;
/** What it is when none is given, and the most: the quota of an account. */
const MAX_RATE_PER_SECOND = 300;
const CONNECTION_ARN =
  /^arn:aws([a-z]|-)*:events:([a-z]|\d|-)*:([0-9]{12})?:connection\/[.\-_A-Za-z0-9]+\/[-A-Za-z0-9]+$/;
const SHOWN_CONNECTION_ARN = String.raw`^arn:aws([a-z]|\-)*:events:([a-z]|\d|\-)*:([0-9]{12})?:connection\/[\.\-_A-Za-z0-9]+\/[\-A-Za-z0-9]+$`;

export function apiDestinationOperations(context: EventsContext): Operations {
  const { store, connections } = context;
  const answer = (row: ApiDestinationRow): JsonObject => ({
    ApiDestinationArn: destinationArnOf(context, row),
    ApiDestinationState: destinationState(context, row),
    CreationTime: seconds(row.createdMs),
    LastModifiedTime: seconds(row.modifiedMs),
  });
  const listed = (row: ApiDestinationRow): JsonObject => ({
    ...answer(row),
    Name: row.name,
    ConnectionArn: row.connectionArn,
    InvocationEndpoint: row.endpoint,
    HttpMethod: row.method,
    InvocationRateLimitPerSecond: row.ratePerSecond,
  });

  return {
    CreateApiDestination: (input) => {
      const wanted = readDestination(input, "create");
      return store.write(() => {
        if (connections.destination(wanted.name) !== undefined) throw eventsError.destinationExists(wanted.name);
        return answer(keepDestination(context, undefined, wanted, {}));
      });
    },
    UpdateApiDestination: (input) => {
      const wanted = readDestination(input, "update");
      return store.write(() =>
        answer(keepDestination(context, requireDestination(context, wanted.name), wanted, { update: true })),
      );
    },
    DescribeApiDestination: (input) => {
      const row = requireDestination(context, checkedName(input, "Name"));
      return { ...listed(row), ...(row.description === undefined ? {} : { Description: row.description }) };
    },
    ListApiDestinations: (input) => {
      const connectionArn = stringMember(input, "ConnectionArn");
      const rows = connections
        .destinations()
        .filter((row) => connectionArn === undefined || row.connectionArn === connectionArn);
      const found = withPrefix(rows, stringMember(input, "NamePrefix"), ({ name }) => name);
      const { items, next } = page(found, input, ({ name }) => name);
      return { ApiDestinations: items.map(listed), ...next };
    },
    DeleteApiDestination: (input) => {
      const name = checkedName(input, "Name");
      return store.write(() => {
        requireDestination(context, name);
        connections.removeDestination(name);
        return {};
      });
    },
  };
}

const destinationArnOf = ({ realm }: EventsContext, { name, id }: ApiDestinationRow): string =>
  arnOf.apiDestination(realm, name, id);

/** It is of no use without a connection that is authorized. */
const destinationState = (context: EventsContext, { connectionArn }: ApiDestinationRow): "ACTIVE" | "INACTIVE" =>
  connectionByArn(context, connectionArn)?.state === "AUTHORIZED" ? "ACTIVE" : "INACTIVE";

export function destinationByArn(
  { connections }: Pick<EventsContext, "connections">,
  arn: string,
): ApiDestinationRow | undefined {
  const [kind, name = "", id] = parseArn(arn)?.resource.split("/") ?? [];
  const row = kind === "api-destination" ? connections.destination(name) : undefined;
  return row?.id === id ? row : undefined;
}

function requireDestination({ connections }: EventsContext, name: string): ApiDestinationRow {
  const row = connections.destination(name);
  if (row === undefined) throw eventsError.destinationNotFound(name);
  return row;
}

export interface WantedDestination {
  readonly name: string;
  readonly description: string | undefined;
  readonly connectionArn: string | undefined;
  readonly endpoint: string | undefined;
  readonly method: string | undefined;
  readonly ratePerSecond: number | undefined;
}

/** Throws ValidationException. */
export function readDestination(input: JsonObject, call: "create" | "update"): WantedDestination {
  const name = checkedName(input, "Name");
  const description = stringMember(input, "Description");
  const connectionArn = stringMember(input, "ConnectionArn");
  const endpoint = stringMember(input, "InvocationEndpoint");
  const method = stringMember(input, "HttpMethod");
  const ratePerSecond = numberMember(input, "InvocationRateLimitPerSecond");
  const violations = new Violations();
  violations.length(description, "description", 0, MAX_DESCRIPTION_LENGTH);
  if (call === "create") {
    violations.required(connectionArn, "connectionArn");
    violations.required(endpoint, "invocationEndpoint");
    violations.required(method, "httpMethod");
  }
  violations.pattern(connectionArn, "connectionArn", CONNECTION_ARN, SHOWN_CONNECTION_ARN);
  violations.length(endpoint, "invocationEndpoint", 1, MAX_ENDPOINT_LENGTH);
  violations.oneOf(method, "httpMethod", METHODS);
  violations.range(ratePerSecond, "invocationRateLimitPerSecond", 1, 2 ** 31 - 1);
  violations.check();
  if (endpoint !== undefined && !isOutsideUrl(withScheme(endpoint))) throw eventsError.badEndpoint(call, endpoint);
  if (ratePerSecond !== undefined && ratePerSecond > MAX_RATE_PER_SECOND)
    throw eventsError.rateTooHigh(call, name, ratePerSecond, MAX_RATE_PER_SECOND);
  return { name, description, connectionArn, endpoint, method, ratePerSecond };
}

/** An address without one is of HTTPS. */
export const withScheme = (endpoint: string): string => (endpoint.includes("://") ? endpoint : `https://${endpoint}`);

/** Writes it. To be called inside a write transaction. With `update` what is not given stays. */
export function keepDestination(
  context: EventsContext,
  before: ApiDestinationRow | undefined,
  wanted: WantedDestination,
  more: { readonly update?: boolean; readonly id?: string; readonly declared?: boolean },
): ApiDestinationRow {
  const { clock, connections } = context;
  const { connectionArn } = wanted;
  if (connectionArn !== undefined && connectionByArn(context, connectionArn) === undefined)
    throw eventsError.connectionNotFound(connectionArn.split("/")[1] ?? connectionArn);
  const kept = more.update === true ? before : undefined;
  const row: ApiDestinationRow = {
    name: wanted.name,
    id: more.id ?? before?.id ?? randomUUID(),
    description: wanted.description ?? kept?.description,
    connectionArn: connectionArn ?? before?.connectionArn ?? "",
    endpoint: wanted.endpoint ?? before?.endpoint ?? "",
    method: wanted.method ?? before?.method ?? "POST",
    ratePerSecond: wanted.ratePerSecond ?? kept?.ratePerSecond ?? MAX_RATE_PER_SECOND,
    createdMs: before?.createdMs ?? clock.now(),
    modifiedMs: clock.now(),
    declared: more.declared ?? before?.declared ?? false,
  };
  connections.putDestination(row);
  return row;
}
