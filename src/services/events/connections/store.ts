/**
 * Connections and API destinations in the state store. What authorises is not here: it is a secret of Secrets Manager.
 *
 *     events-connections         name
 *     events-api-destinations    name
 */
import type { Database } from "lmdb";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { StateStore } from "../../kit/state-store.js";

export const AUTHORIZATION_TYPES = ["BASIC", "OAUTH_CLIENT_CREDENTIALS", "API_KEY"] as const;
export type AuthorizationType = (typeof AUTHORIZATION_TYPES)[number];

export const CONNECTION_STATES = [
  "CREATING",
  "UPDATING",
  "DELETING",
  "AUTHORIZED",
  "DEAUTHORIZED",
  "AUTHORIZING",
  "DEAUTHORIZING",
  "ACTIVE",
  "FAILED_CONNECTIVITY",
] as const;

export interface ConnectionRow {
  readonly name: string;
  /** The end of its ARN. */
  readonly id: string;
  readonly description: string | undefined;
  readonly authorizationType: AuthorizationType;
  readonly state: "AUTHORIZED" | "AUTHORIZING" | "DEAUTHORIZED";
  readonly stateReason: string | undefined;
  /** Undefined once it has been deauthorized. */
  readonly secretArn: string | undefined;
  /** As DescribeConnection shows them: without what is secret. */
  readonly authParameters: JsonObject | undefined;
  readonly kmsKeyIdentifier: string | undefined;
  readonly createdMs: number;
  readonly modifiedMs: number;
  readonly authorizedMs: number | undefined;
  /** The template declares it: it goes when the template says so no more. */
  readonly declared: boolean;
}

export interface ApiDestinationRow {
  readonly name: string;
  readonly id: string;
  readonly description: string | undefined;
  readonly connectionArn: string;
  readonly endpoint: string;
  readonly method: string;
  readonly ratePerSecond: number;
  readonly createdMs: number;
  readonly modifiedMs: number;
  readonly declared: boolean;
}

/** Names have 64 characters at most; a longer one is nobody's, and no key. */
const isKey = (name: string): boolean => name !== "" && name.length <= 64;

export class ConnectionStore {
  readonly #connections: Database<ConnectionRow, string>;
  readonly #destinations: Database<ApiDestinationRow, string>;

  constructor(state: StateStore) {
    this.#connections = state.table("events-connections");
    this.#destinations = state.table("events-api-destinations");
  }

  connection(name: string): ConnectionRow | undefined {
    return isKey(name) ? this.#connections.get(name) : undefined;
  }

  connections(): ConnectionRow[] {
    return Array.from(this.#connections.getRange({}), ({ value }) => value);
  }

  putConnection(row: ConnectionRow): void {
    this.#connections.putSync(row.name, row);
  }

  removeConnection(name: string): void {
    this.#connections.removeSync(name);
  }

  destination(name: string): ApiDestinationRow | undefined {
    return isKey(name) ? this.#destinations.get(name) : undefined;
  }

  destinations(): ApiDestinationRow[] {
    return Array.from(this.#destinations.getRange({}), ({ value }) => value);
  }

  putDestination(row: ApiDestinationRow): void {
    this.#destinations.putSync(row.name, row);
  }

  removeDestination(name: string): void {
    this.#destinations.removeSync(name);
  }

  async clear(): Promise<void> {
    await Promise.all([this.#connections.clearAsync(), this.#destinations.clearAsync()]);
  }
}
