/** Connections and API destinations of the template: they come and go with it. */
import type { JsonObject } from "../../kit/json-protocol.js";
import type { SecretKeeper } from "../../service.js";
import type { EventsContext } from "../context.js";
import { attemptsInto } from "../errors.js";
import { connectionArnOf, dropConnection, keepConnection, readConnection } from "./connections.js";
import { keepDestination, readDestination } from "./api-destinations.js";

/** As CreateConnection takes it, with the ids that the template has given out already. */
export interface DeclaredConnection {
  readonly name: string;
  readonly id: string;
  readonly secretArn: string;
  readonly input: JsonObject;
}

/** As CreateApiDestination takes it. */
export interface DeclaredDestination {
  readonly name: string;
  readonly id: string;
  readonly input: JsonObject;
}

export interface DeclaredConnections {
  readonly connections?: readonly DeclaredConnection[];
  readonly destinations?: readonly DeclaredDestination[];
}

/**
 * Makes what is declared, or gives what is there these properties; what an earlier template declared and this one does not
 * goes. To be called inside a write transaction. Answers which connections have to get their token, and adds to `refused`
 * why AWS would refuse one: it is left out.
 */
export function declareConnections(
  context: EventsContext,
  keeper: SecretKeeper | undefined,
  { connections = [], destinations = [] }: DeclaredConnections,
  refused: string[],
): readonly string[] {
  const unauthorized: string[] = [];
  const attempt = attemptsInto(refused);
  const store = context.connections;
  for (const row of store.connections())
    if (row.declared && keeper !== undefined && !connections.some(({ name }) => name === row.name))
      dropConnection(context, keeper, row);
  for (const row of store.destinations())
    if (row.declared && !destinations.some(({ name }) => name === row.name)) store.removeDestination(row.name);
  for (const { name, id, secretArn, input } of connections)
    attempt(`the connection ${name}`, () => {
      if (keeper === undefined) return;
      const before = store.connection(name);
      const row = keepConnection(context, keeper, before, readConnection(input), {
        id,
        secretArn,
        declared: true,
      });
      if (row.state !== "AUTHORIZED") unauthorized.push(connectionArnOf(context, row));
    });
  for (const { name, id, input } of destinations)
    attempt(`the API destination ${name}`, () => {
      keepDestination(context, store.destination(name), readDestination(input, "create"), { id, declared: true });
    });
  return unauthorized;
}
