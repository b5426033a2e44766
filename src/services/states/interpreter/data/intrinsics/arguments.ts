/** What intrinsic functions take, and how they refuse the rest: AWS says no more than that the arguments are invalid. */
import { isJsonObject, type Json, type JsonObject } from "../../../../../config/json.js";

/** Said without the call; the caller puts its text in front. */
export class IntrinsicRefusal extends Error {}

/** A function's arguments, by their place. */
export class Arguments {
  readonly #name: string;
  readonly values: readonly Json[];

  constructor(name: string, values: readonly Json[]) {
    this.#name = name;
    this.values = values;
  }

  get count(): number {
    return this.values.length;
  }

  refuse(detail = ""): never {
    throw new IntrinsicRefusal(`Invalid arguments in ${this.#name}${detail}`);
  }

  any(index: number): Json {
    return this.values[index] ?? null;
  }

  list(index: number): readonly Json[] {
    const value = this.any(index);
    return Array.isArray(value) ? (value as readonly Json[]) : this.refuse();
  }

  object(index: number): JsonObject {
    const value = this.any(index);
    return isJsonObject(value) ? value : this.refuse();
  }

  text(index: number, longest = Number.POSITIVE_INFINITY): string {
    const value = this.any(index);
    return typeof value === "string" && value.length <= longest ? value : this.refuse();
  }

  number(index: number): number {
    const value = this.any(index);
    return typeof value === "number" ? value : this.refuse();
  }

  /** Without what stands behind the point: so AWS reads sizes, bounds and indexes. */
  whole(index: number): number {
    // Never -0.
    return Math.trunc(this.number(index)) + 0;
  }
}
