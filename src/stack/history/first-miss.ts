/** Where a pattern and a value part, in words. */
import { isJsonObject, type Json } from "../../config/json.js";

/** Whose pattern it is, and where the value stands; the empty place is the whole event. */
export interface Judged {
  readonly who: "filter" | "pattern";
  readonly at: string;
}

/** The first member of a pattern that the value has not or has otherwise, where that is plain to see. */
export function firstMiss(pattern: Json | undefined, value: Json | undefined, { who, at }: Judged): string | undefined {
  if (Array.isArray(pattern)) {
    const wanted = pattern as readonly Json[];
    // Operators ({"prefix": ...}, {"exists": false}) are not judged here.
    if (wanted.some((one) => isJsonObject(one))) return undefined;
    if (value === undefined) return `there is no ${at}`;
    return wanted.includes(value)
      ? undefined
      : `${at} is ${JSON.stringify(value)}, the ${who} wants ${JSON.stringify(wanted)}`;
  }
  if (!isJsonObject(pattern)) return undefined;
  for (const [name, inner] of Object.entries(pattern)) {
    const place = { who, at: at === "" ? name : `${at}.${name}` };
    const miss = name.startsWith("$")
      ? undefined
      : firstMiss(inner, isJsonObject(value) ? value[name] : undefined, place);
    if (miss !== undefined) return miss;
  }
  return undefined;
}
