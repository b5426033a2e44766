/** `{name}` in the URI of an integration. */
import { encodeStrictly } from "../../../services/kit/canonical-request.js";
import { HttpCallError } from "../../../services/kit/http-call.js";

/** Encoded; a slash in a value stays one. */
export const filledPath = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replace(/\{([^}+]+)\+?\}/g, (whole, name: string) => {
    const value = values.get(name);
    return value === undefined ? whole : value.split("/").map(encodeStrictly).join("/");
  });

/** Throws HttpCallError for what is no address of a server. */
export function serverUrl(text: string): URL {
  if (/^https?:/.test(text) && URL.canParse(text)) return new URL(text);
  throw new HttpCallError("invalid", `${JSON.stringify(text)} is no address of a server`);
}
