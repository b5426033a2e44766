/**
 * The graph: nodes and edges in a table, since environments are many and forget what they hold. A node is known by its label
 * and key (`Entity:name:Ada`); its own row has the edge `-`, and an edge from A to B is the row (B, `<TYPE<A`), so that who
 * points to B is one query.
 */
import { BatchGetCommand, paginateQuery, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { Budget } from "../../shared/budget.js";
import { writeAll } from "../../shared/batch-write.js";
import { tableClient } from "../../shared/clients.js";
import { RequestError } from "../../shared/errors.js";
import { isFields, type Fields } from "../../shared/json.js";
import type { NodePattern, ReadQuery, Value, WriteQuery } from "./cypher.js";

const OWN_ROW = "-";
const MAX_KEYS = 100;

export class Graph {
  readonly #table: string;

  constructor(table: string) {
    this.#table = table;
  }

  async write(query: WriteQuery, parameters: Fields, budget: Budget): Promise<void> {
    const { unwind } = query;
    const rows = unwind === undefined ? [undefined] : listOf(unwind.list, parameters);
    const nodes = new Map<string, Record<string, unknown>>();
    const edges = new Map<string, { readonly node: string; readonly edge: string; readonly from: string }>();
    for (const row of rows) {
      const scope: Scope = { parameters, row, as: unwind?.as };
      const ids = new Map(query.nodes.map((pattern) => [pattern.variable, idOf(pattern, scope)]));
      for (const { variable, key, value } of query.nodes) {
        const id = ids.get(variable) ?? "";
        const members = nodes.get(id) ?? {};
        members[key] = valueOf(value, scope);
        nodes.set(id, members);
      }
      for (const { variable, member, value } of query.sets) {
        const members = nodes.get(ids.get(variable) ?? "");
        if (members !== undefined) members[member] = valueOf(value, scope);
      }
      for (const { from, type, to } of query.edges) {
        const start = ids.get(from) ?? "";
        const node = ids.get(to) ?? "";
        const edge = `<${type}<${start}`;
        edges.set(`${node}${edge}`, { node, edge, from: start });
      }
    }
    for (const [node, members] of nodes) await this.#merge(node, members, budget);
    await writeAll(
      this.#table,
      [...edges.values()].map((Item) => ({ PutRequest: { Item } })),
      budget,
    );
  }

  async read(query: ReadQuery, parameters: Fields, budget: Budget): Promise<readonly Fields[]> {
    const { from, to, type, where, returns } = query;
    const scope: Scope = { parameters, row: undefined, as: undefined };
    const limit = query.limit === undefined ? Infinity : Number(valueOf(query.limit, scope));
    const found: { readonly start: string; readonly target: string }[] = [];
    for (const value of new Set(listOf(where.list, parameters))) {
      const target = `${to.label}:${where.member}:${String(value)}`;
      for await (const start of this.#startsOf(target, `<${type}<${from.label}:`, budget)) {
        if (found.length < limit) found.push({ start, target });
      }
      if (found.length >= limit) break;
    }
    const members = await this.#members(new Set(found.flatMap(({ start, target }) => [start, target])), budget);
    return found.map(({ start, target }) =>
      Object.fromEntries(
        returns.map(({ variable, member, as }) => [
          as,
          members.get(variable === from.variable ? start : target)?.[member] ?? null,
        ]),
      ),
    );
  }

  /** Members that are there already stay, unless they are set anew. */
  async #merge(node: string, members: Fields, budget: Budget): Promise<void> {
    const key = { node, edge: OWN_ROW };
    const input = { TableName: this.#table, Key: key };
    const abortSignal = budget.signal();
    await tableClient().send(
      new UpdateCommand({
        ...input,
        UpdateExpression: "SET #members = if_not_exists(#members, :none)",
        ExpressionAttributeNames: { "#members": "members" },
        ExpressionAttributeValues: { ":none": {} },
      }),
      { abortSignal },
    );
    const names = Object.keys(members);
    await tableClient().send(
      new UpdateCommand({
        ...input,
        UpdateExpression: `SET ${names.map((_, i) => `#members.#m${i} = :m${i}`).join(", ")}`,
        ExpressionAttributeNames: {
          "#members": "members",
          ...Object.fromEntries(names.map((name, i) => [`#m${i}`, name])),
        },
        ExpressionAttributeValues: Object.fromEntries(names.map((name, i) => [`:m${i}`, members[name]])),
      }),
      { abortSignal },
    );
  }

  /** The nodes that have an edge to this one. */
  async *#startsOf(node: string, prefix: string, budget: Budget): AsyncGenerator<string> {
    const pages = paginateQuery(
      { client: tableClient() },
      {
        TableName: this.#table,
        KeyConditionExpression: "#node = :node AND begins_with(#edge, :prefix)",
        ExpressionAttributeNames: { "#node": "node", "#edge": "edge" },
        ExpressionAttributeValues: { ":node": node, ":prefix": prefix },
      },
      { abortSignal: budget.signal() },
    );
    for await (const { Items = [] } of pages) {
      for (const { from } of Items) yield String(from);
    }
  }

  async #members(nodes: ReadonlySet<string>, budget: Budget): Promise<ReadonlyMap<string, Fields>> {
    const found = new Map<string, Fields>();
    const all = [...nodes];
    for (let from = 0; from < all.length; from += MAX_KEYS) {
      let keys: Record<string, unknown>[] = all.slice(from, from + MAX_KEYS).map((node) => ({ node, edge: OWN_ROW }));
      while (keys.length > 0) {
        const { Responses = {}, UnprocessedKeys = {} } = await tableClient().send(
          new BatchGetCommand({ RequestItems: { [this.#table]: { Keys: keys } } }),
          { abortSignal: budget.signal() },
        );
        for (const { node, members } of Responses[this.#table] ?? []) {
          found.set(String(node), isFields(members) ? members : {});
        }
        keys = UnprocessedKeys[this.#table]?.Keys ?? [];
      }
    }
    return found;
  }
}

interface Scope {
  readonly parameters: Fields;
  readonly row: unknown;
  readonly as: string | undefined;
}

const idOf = ({ label, key, value }: NodePattern, scope: Scope): string =>
  `${label}:${key}:${String(valueOf(value, scope))}`;

function listOf(value: Value, parameters: Fields): readonly unknown[] {
  const list = valueOf(value, { parameters, row: undefined, as: undefined });
  if (!Array.isArray(list)) throw new RequestError(400, "ValidationError", `${nameOf(value)} must be a list`);
  return list as readonly unknown[];
}

function valueOf(value: Value, { parameters, row, as }: Scope): unknown {
  if (value.kind === "constant") return value.value;
  const [first = "", ...path] = value.path;
  if (value.kind === "row" && first !== as) throw new RequestError(400, "ValidationError", `${first} is not defined`);
  const start = value.kind === "parameter" ? parameters[first] : row;
  const found = path.reduce<unknown>((at, member) => (isFields(at) ? at[member] : undefined), start);
  if (found === undefined) throw new RequestError(400, "ValidationError", `${nameOf(value)} has no value`);
  return found;
}

const nameOf = (value: Value): string => (value.kind === "constant" ? String(value.value) : value.path.join("."));
