/** One value of a body, by JSONPath without the `$.` before it, as text. */
import type { Json } from "../../../config/json.js";
import { isTooDeep, TOO_DEEP } from "../../../services/kit/json-depth.js";
import { parsePath } from "../../../services/states/interpreter/data/path/parse.js";
import { PathSyntaxError } from "../../../services/states/interpreter/data/path/path.js";
import { NothingFound, select } from "../../../services/states/interpreter/data/path/select.js";
import { TemplateFault } from "../vtl/bounds.js";

/** All of it without a path; undefined where there is nothing. */
export function bodyValue(body: string, path: string | undefined): string | undefined {
  if (path === undefined) return body === "" ? undefined : body;
  const document = jsonIn(body);
  const found = document === undefined ? undefined : valueAtPath(`$.${path}`.replace(/^\$\.\[/, "$["), document);
  if (found === undefined || found === null) return undefined;
  return typeof found === "string" ? found : JSON.stringify(found);
}

/** Undefined for what is no JSON. Throws TemplateFault for what nests too deeply to be walked through. */
export function jsonIn(text: string): Json | undefined {
  if (isTooDeep(text)) throw new TemplateFault(TOO_DEEP);
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Undefined where there is nothing. Throws TemplateFault for what is no path. */
export function valueAtPath(path: string, document: Json): Json | undefined {
  try {
    // A name at the root is a variable of Step Functions there, and a member without its dot here.
    return select(parsePath(path.replace(/^\$(?=[A-Za-z_])/, "$.")).steps, document);
  } catch (error) {
    if (error instanceof NothingFound) return undefined;
    if (error instanceof PathSyntaxError) throw new TemplateFault(`Invalid path '${path}': ${error.message}`);
    throw error;
  }
}
