/** The tables that may be asked for: whoever may call the function would else read any table of the account. */
import { RequestError } from "../shared/errors.js";
import { isFields, type Fields } from "../shared/json.js";

export interface Table {
  readonly name: string;
  /** Attributes of the primary key. */
  readonly key: readonly string[];
}

export class Tables {
  readonly #tables: Readonly<Record<string, Table>>;

  constructor(tables: Readonly<Record<string, Table>>) {
    this.#tables = tables;
  }

  /** By short name (`chunks`) or full name. Throws a RequestError: 400 without a name, 403 for any other table. */
  find(name: unknown): Table {
    if (typeof name !== "string" || name === "")
      throw new RequestError(400, "ValidationError", "table_name is missing");
    const byShortName = Object.hasOwn(this.#tables, name) ? this.#tables[name] : undefined;
    const table = byShortName ?? Object.values(this.#tables).find((one) => one.name === name);
    if (table !== undefined) return table;
    const known = Object.keys(this.#tables).join(", ");
    throw new RequestError(403, "TableNotAllowed", `${name} is not one of ${known}`);
  }
}

/** A complete primary key and nothing else. */
export function keyIn({ key }: Table, value: unknown, member: string): Record<string, unknown> {
  if (isFields(value) && Object.keys(value).length === key.length && key.every((name) => value[name] !== undefined)) {
    return { ...value };
  }
  throw new RequestError(400, "ValidationError", `${member} must hold ${key.join(" and ")}, and nothing else`);
}

export function itemIn({ key }: Table, value: unknown, member: string): Fields {
  if (isFields(value) && key.every((name) => value[name] !== undefined)) return value;
  throw new RequestError(400, "ValidationError", `${member} must be an object with ${key.join(" and ")}`);
}
