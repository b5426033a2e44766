/**
 * Values of a template. Nothing of JavaScript shows through: objects are maps without a prototype chain, and methods are
 * those that `methods.ts` lists.
 */
import { isJsonObject, type Json } from "../../../config/json.js";
import { checkSize } from "./bounds.js";

export type Value = undefined | null | boolean | number | string | readonly Value[] | ValueMap | Builtin;
export type ValueMap = Map<string, Value>;

/** `$input` and `$util`: things that have methods and perhaps properties, and no other inside. */
export interface Builtin {
  readonly kind: "builtin";
  readonly properties: ReadonlyMap<string, () => Value>;
  readonly methods: ReadonlyMap<string, (...args: readonly Value[]) => Value>;
}

/** A list that a template made itself, which Java writes in another way than one of a document: `[a, b]`. */
export class OwnList extends Array<Value> {}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
export const isMap = (value: Value): value is ValueMap => value instanceof Map;
export const isBuiltin = (value: Value): value is Builtin =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "builtin";

/** Copies all of it: what a template changes, the document does not see. */
export function valueOf(json: Json): Value {
  if (typeof json !== "object" || json === null) return json;
  if (!isJsonObject(json)) return json.map(valueOf);
  return new Map(Object.entries(json).map(([name, item]) => [name, valueOf(item)]));
}

/** What a value looks like in the text: maps as Java writes them, lists of a document as JSON, nothing for what is not there. */
export function textOf(value: Value): string {
  if (typeof value === "string") return value;
  const writer = new Writer();
  writer.asJava(value, "");
  return writer.text;
}

/** Bounded while it writes: a list that holds another one twice, which holds another one twice, is short and never ends. */
class Writer {
  readonly #parts: string[] = [];
  #length = 0;

  get text(): string {
    return this.#parts.join("");
  }

  asJava(value: Value, absent: "" | "null"): void {
    if (value === undefined || value === null || isBuiltin(value)) this.#put(absent);
    else if (value instanceof OwnList) this.#items("[", [...value], ", ", "]", (item) => this.asJava(item, "null"));
    else if (isList(value)) this.#asJson(value);
    else if (isMap(value))
      this.#items("{", [...value], ", ", "}", ([name, item]) => {
        this.#put(`${name}=`);
        this.asJava(item, "null");
      });
    else this.#put(String(value));
  }

  #asJson(value: Value): void {
    if (value === undefined || isBuiltin(value)) this.#put("null");
    else if (isList(value)) this.#items("[", value, ",", "]", (item) => this.#asJson(item));
    else if (isMap(value))
      this.#items("{", [...value], ",", "}", ([name, item]) => {
        this.#put(`${JSON.stringify(name)}:`);
        this.#asJson(item);
      });
    else this.#put(JSON.stringify(value));
  }

  #items<T>(open: string, items: readonly T[], between: string, close: string, write: (item: T) => void): void {
    this.#put(open);
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#put(between);
      write(item);
    }
    this.#put(close);
  }

  #put(text: string): void {
    this.#parts.push(text);
    this.#length += text.length;
    checkSize(this.#length, this.#parts.length);
  }
}

/** "#if": false, nothing, and what is empty are false, as Velocity 2 has it. */
export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  if (isMap(value)) return value.size > 0;
  return value !== undefined && value !== null && value !== false && value !== "" && value !== 0;
}

/** Things of different kinds are equal when their texts are. */
export function isEqual(left: Value, right: Value): boolean {
  const [a, b] = [left ?? null, right ?? null];
  if (a === null || b === null) return a === b;
  return a === b || (!isBuiltin(a) && !isBuiltin(b) && textOf(a) === textOf(b));
}
