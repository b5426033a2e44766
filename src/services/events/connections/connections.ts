/** Operations on connections. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html */
import { randomUUID } from "node:crypto";
import { arnOf } from "../../../shared/arn.js";
import { messageOf } from "../../../shared/errors.js";
import type { Logger } from "../../../shared/logger.js";
import { objectMember, stringMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { SecretKeeper } from "../../service.js";
import { checkedName, page, seconds, withPrefix, type EventsContext, type Operations } from "../context.js";
import { eventsError } from "../errors.js";
import { accessOf, ConnectionError } from "./access.js";
import { readSecret } from "./auth-parameters.js";
import { secretIn, shownParameters } from "./secret.js";
import { AUTHORIZATION_TYPES, CONNECTION_STATES, type AuthorizationType, type ConnectionRow } from "./store.js";

const MAX_DESCRIPTION_LENGTH = 512;
const MAX_KEY_LENGTH = 2048;
const DEAUTHORIZED_BY_CALL =
  "The authorization parameters were removed from this connection by a DeauthorizeConnection operation.";

export function connectionOperations(context: EventsContext, log: Logger): Operations {
  const { store, connections } = context;
  const answer = (row: ConnectionRow, state: string = row.state): JsonObject => ({
    ConnectionArn: connectionArnOf(context, row),
    ConnectionState: state,
    CreationTime: seconds(row.createdMs),
    LastModifiedTime: seconds(row.modifiedMs),
    ...(row.authorizedMs === undefined ? {} : { LastAuthorizedTime: seconds(row.authorizedMs) }),
  });
  const listed = (row: ConnectionRow): JsonObject => ({
    ...answer(row),
    Name: row.name,
    AuthorizationType: row.authorizationType,
    ...(row.stateReason === undefined ? {} : { StateReason: row.stateReason }),
  });
  const kept = (row: ConnectionRow): JsonObject => {
    if (row.state === "AUTHORIZING") authorize(context, connectionArnOf(context, row), log);
    return answer(row);
  };

  return {
    CreateConnection: async (input) => {
      const wanted = readConnection(input);
      const keeper = await context.secrets();
      const row = await store.write(() => {
        if (connections.connection(wanted.name) !== undefined) throw eventsError.connectionExists(wanted.name);
        return keepConnection(context, keeper, undefined, wanted, {});
      });
      const { LastAuthorizedTime: _, ...made } = kept(row);
      return made;
    },
    UpdateConnection: async (input) => {
      const wanted = readConnection(input, "update");
      const keeper = await context.secrets();
      const row = await store.write(() =>
        keepConnection(context, keeper, requireConnection(context, wanted.name), wanted, { update: true }),
      );
      return kept(row);
    },
    DescribeConnection: (input) => {
      const row = requireConnection(context, checkedName(input, "Name"));
      return {
        ...listed(row),
        ...(row.description === undefined ? {} : { Description: row.description }),
        ...(row.secretArn === undefined ? {} : { SecretArn: row.secretArn }),
        ...(row.authParameters === undefined ? {} : { AuthParameters: row.authParameters }),
        ...(row.kmsKeyIdentifier === undefined ? {} : { KmsKeyIdentifier: row.kmsKeyIdentifier }),
      };
    },
    ListConnections: (input) => {
      const state = stringMember(input, "ConnectionState");
      const violations = new Violations();
      violations.oneOf(state, "connectionState", CONNECTION_STATES);
      violations.check();
      const rows = connections.connections().filter((row) => state === undefined || row.state === state);
      const found = withPrefix(rows, stringMember(input, "NamePrefix"), ({ name }) => name);
      const { items, next } = page(found, input, ({ name }) => name);
      return { Connections: items.map(listed), ...next };
    },
    DeauthorizeConnection: async (input) => {
      const name = checkedName(input, "Name");
      const keeper = await context.secrets();
      return store.write(() => {
        const row = requireConnection(context, name);
        dropSecret(context, keeper, row);
        connections.putConnection({
          ...row,
          state: "DEAUTHORIZED",
          stateReason: DEAUTHORIZED_BY_CALL,
          secretArn: undefined,
          authParameters: undefined,
          modifiedMs: context.clock.now(),
        });
        return answer(row, "DEAUTHORIZING");
      });
    },
    DeleteConnection: async (input) => {
      const name = checkedName(input, "Name");
      const keeper = await context.secrets();
      return store.write(() => {
        const row = requireConnection(context, name);
        dropConnection(context, keeper, row);
        return answer(row, "DELETING");
      });
    },
  };
}

export const connectionArnOf = ({ realm }: Pick<EventsContext, "realm">, { name, id }: ConnectionRow): string =>
  arnOf.connection(realm, name, id);

function requireConnection({ connections }: EventsContext, name: string): ConnectionRow {
  const row = connections.connection(name);
  if (row === undefined) throw eventsError.connectionNotFound(name);
  return row;
}

export interface WantedConnection {
  readonly name: string;
  readonly description: string | undefined;
  readonly type: AuthorizationType | undefined;
  readonly authParameters: JsonObject | undefined;
  readonly kmsKeyIdentifier: string | undefined;
}

/** Throws ValidationException. */
export function readConnection(input: JsonObject, call: "create" | "update" = "create"): WantedConnection {
  const name = checkedName(input, "Name");
  const description = stringMember(input, "Description");
  const type = stringMember(input, "AuthorizationType");
  const authParameters = objectMember(input, "AuthParameters");
  const kmsKeyIdentifier = stringMember(input, "KmsKeyIdentifier");
  const violations = new Violations();
  violations.length(description, "description", 0, MAX_DESCRIPTION_LENGTH);
  violations.length(kmsKeyIdentifier, "kmsKeyIdentifier", 0, MAX_KEY_LENGTH);
  if (call === "create") violations.required(type, "authorizationType");
  violations.oneOf(type, "authorizationType", AUTHORIZATION_TYPES);
  if (call === "create") violations.required(authParameters, "authParameters");
  violations.check();
  if (objectMember(input, "InvocationConnectivityParameters") !== undefined)
    throw eventsError.notEmulated("A connection to a private API (InvocationConnectivityParameters)");
  return { name, description, type: type as AuthorizationType | undefined, authParameters, kmsKeyIdentifier };
}

interface Keeping {
  /** What is not given stays, else it goes. */
  readonly update?: boolean;
  readonly id?: string;
  readonly secretArn?: string;
  readonly declared?: boolean;
}

/**
 * Writes a connection and its secret. To be called inside a write transaction. What authorises and has not changed is not
 * authorized anew.
 */
export function keepConnection(
  context: EventsContext,
  keeper: SecretKeeper,
  before: ConnectionRow | undefined,
  wanted: WantedConnection,
  more: Keeping,
): ConnectionRow {
  const { clock, connections, tokens } = context;
  const nowMs = clock.now();
  const type = wanted.type ?? before?.authorizationType ?? "BASIC";
  const kept = keepSecret(keeper, before, wanted, { ...more, type });
  const fresh = { stateReason: undefined, authorizedMs: before?.authorizedMs, modifiedMs: nowMs };
  const row: ConnectionRow = {
    name: wanted.name,
    id: more.id ?? before?.id ?? randomUUID(),
    description: wanted.description ?? (more.update === true ? before?.description : undefined),
    authorizationType: type,
    secretArn: kept.secretArn,
    authParameters: kept.authParameters,
    kmsKeyIdentifier: wanted.kmsKeyIdentifier ?? before?.kmsKeyIdentifier,
    createdMs: before?.createdMs ?? nowMs,
    declared: more.declared ?? before?.declared ?? false,
    ...(kept.isSame && before !== undefined
      ? {
          state: before.state,
          stateReason: before.stateReason,
          authorizedMs: before.authorizedMs,
          modifiedMs: more.update === true ? nowMs : before.modifiedMs,
        }
      : type === "OAUTH_CLIENT_CREDENTIALS"
        ? { ...fresh, state: "AUTHORIZING" }
        : { ...fresh, state: "AUTHORIZED", authorizedMs: nowMs }),
  };
  connections.putConnection(row);
  if (!kept.isSame) tokens.forget(connectionArnOf(context, row));
  return row;
}

function keepSecret(
  keeper: SecretKeeper,
  before: ConnectionRow | undefined,
  { name, type: givenType, authParameters: given }: WantedConnection,
  { update, secretArn: declaredArn, type }: Keeping & { readonly type: AuthorizationType },
): Pick<ConnectionRow, "secretArn" | "authParameters"> & { readonly isSame: boolean } {
  const { secretArn: arnBefore, authParameters } = before ?? {};
  if (update === true && givenType === undefined && given === undefined)
    return { secretArn: arnBefore, authParameters, isSame: true };
  const textBefore = arnBefore === undefined ? undefined : keeper.ownedText(arnBefore);
  const isSameType = type === before?.authorizationType;
  const base = update === true && isSameType && textBefore !== undefined ? secretIn(textBefore) : {};
  const secret = readSecret(type, given ?? {}, base);
  const text = JSON.stringify(secret);
  const arn = declaredArn ?? arnBefore;
  const shown = shownParameters(secret);
  if (isSameType && text === textBefore && arn === arnBefore)
    return { secretArn: arnBefore, authParameters: shown, isSame: true };
  // The template has another for a connection that was made over the API.
  if (arnBefore !== undefined && arnBefore !== arn) keeper.removeOwned(arnBefore);
  const secretName = secretNameIn(arn) ?? `events!connection/${name}/${randomUUID()}`;
  const secretArn = keeper.putOwned({ name: secretName, arn, owner: "events", text });
  return { secretArn, authParameters: shown, isSame: false };
}

/** An ARN ends in six characters of its own. */
const secretNameIn = (secretArn: string | undefined): string | undefined =>
  /:secret:(.+)-[^-]+$/.exec(secretArn ?? "")?.[1];

/** With its secret. To be called inside a write transaction. */
export function dropConnection(context: EventsContext, keeper: SecretKeeper, row: ConnectionRow): void {
  dropSecret(context, keeper, row);
  context.connections.removeConnection(row.name);
}

function dropSecret(context: EventsContext, keeper: SecretKeeper, row: ConnectionRow): void {
  if (row.secretArn !== undefined) keeper.removeOwned(row.secretArn);
  context.tokens.forget(connectionArnOf(context, row));
}

/** Has the connection get its first token; its state says how that went. */
export function authorize(context: EventsContext, connectionArn: string, log: Logger): void {
  accessOf(context, connectionArn).catch((error: unknown) => {
    // The next process goes on with it.
    if (context.tokens.closed) return;
    if (error instanceof ConnectionError)
      log.warn({ connection: connectionArn, reason: error.message }, "not authorized");
    else log.error({ connection: connectionArn, reason: messageOf(error) }, "a connection could not be authorized");
  });
}
