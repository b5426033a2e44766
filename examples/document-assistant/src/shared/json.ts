/** Reading what others sent: JSON whose members may be anything. */
import { RequestError } from "./errors.js";

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A member that is a text or absent (`null` is absent). Throws a RequestError (400) for anything else. */
export function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name] ?? undefined;
  if (value !== undefined && typeof value !== "string") {
    throw new RequestError(400, "ValidationError", `${name} must be a string, got ${JSON.stringify(value)}`);
  }
  return value;
}

export function requiredText(fields: Fields, name: string): string {
  const value = textIn(fields, name);
  if (value === undefined || value.trim() === "") {
    throw new RequestError(400, "ValidationError", `${name} is missing`);
  }
  return value;
}

/** A member that is a list of texts. */
export function textsIn(fields: Fields, name: string): readonly string[] {
  const value = fields[name];
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string")) {
    throw new RequestError(400, "ValidationError", `${name} must be a list of strings`);
  }
  return value;
}
