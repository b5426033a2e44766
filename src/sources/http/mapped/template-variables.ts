/**
 * What a mapping template of a REST API can name: `$input`, `$context`, `$stageVariables`, `$util`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
 */
import type { Json } from "../../../config/json.js";
import { TemplateFault } from "../vtl/bounds.js";
import type { Variables } from "../vtl/evaluate.js";
import { jsonIn, valueAtPath } from "./body-value.js";
import { textOf, valueOf, type Builtin, type Value, type ValueMap } from "../vtl/values.js";

/** By place, decoded. */
export interface Parameters {
  readonly path: Readonly<Record<string, string>>;
  readonly querystring: Readonly<Record<string, string>>;
  readonly header: Readonly<Record<string, string>>;
}

export interface TemplateInput {
  readonly body: string;
  readonly parameters: Parameters;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly context: Json;
}

/** What a template sets to say otherwise than the mappings of parameters. */
export interface Overrides {
  /** Of the request: `header`, `querystring`, `path`; of the response: `header` alone. */
  readonly values: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly status: number | undefined;
}

/** `overrides` reads what the template has set, once it has run. */
export function templateVariables(
  { body, parameters, stageVariables, context }: TemplateInput,
  overridden: "requestOverride" | "responseOverride",
): { readonly variables: Variables; readonly overrides: () => Overrides } {
  const override: ValueMap = new Map(
    ["header", "querystring", "path"].map((place): [string, Value] => [place, new Map<string, Value>()]),
  );
  const contextMap = valueOf(context) as ValueMap;
  contextMap.set(overridden, override);
  return {
    variables: new Map<string, Value>([
      ["input", inputOf(body, parameters)],
      ["context", contextMap],
      ["stageVariables", valueOf(stageVariables)],
      ["util", UTIL],
    ]),
    overrides: () => {
      const status = override.get("status");
      return {
        status: status === undefined || status === null ? undefined : Number(textOf(status)),
        values: new Map(
          [...override].flatMap(([place, values]) => (values instanceof Map ? [[place, texts(values)]] : [])),
        ),
      };
    },
  };
}

const texts = (values: ValueMap): ReadonlyMap<string, string> =>
  new Map([...values].map(([name, value]) => [name, textOf(value)]));

const builtin = (methods: Builtin["methods"], properties: Builtin["properties"] = new Map()): Builtin => ({
  kind: "builtin",
  methods,
  properties,
});

function inputOf(body: string, parameters: Parameters): Builtin {
  const document = lazily(() => documentIn(body));
  const find = (path: Value): Json | undefined => selected(textOf(path), document());
  return builtin(
    new Map<string, (...args: readonly Value[]) => Value>([
      // Nothing found is an empty text, in both; a request without a body has an empty object.
      ["json", (path = "$") => JSON.stringify(find(path) ?? (body === "" && path === "$" ? {} : ""))],
      ["path", (path = "$") => pathValue(find(path))],
      [
        "params",
        (name) =>
          name === undefined ? valueOf(parameters as unknown as Json) : parameterNamed(textOf(name), parameters),
      ],
    ]),
    new Map([["body", () => body]]),
  );
}

const pathValue = (found: Json | undefined): Value => (found === undefined ? "" : valueOf(found));

/** "Searches in the order path, query string, header"; an empty text where there is none. */
function parameterNamed(name: string, { header, path, querystring }: Parameters): string {
  if (Object.hasOwn(path, name)) return path[name] ?? "";
  if (Object.hasOwn(querystring, name)) return querystring[name] ?? "";
  const spelled = Object.keys(header).find((other) => other.toLowerCase() === name.toLowerCase());
  return spelled === undefined ? "" : (header[spelled] ?? "");
}

/** A body that is no JSON is a text; without one there is nothing in it. */
function documentIn(body: string): Json | undefined {
  return body === "" ? undefined : (jsonIn(body) ?? body);
}

const selected = (path: string, document: Json | undefined): Json | undefined =>
  document === undefined ? undefined : valueAtPath(path, document);

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

const onText =
  (change: (text: string) => string) =>
  (value: Value): Value =>
    value === undefined || value === null ? undefined : change(textOf(value));

const UTIL = builtin(
  new Map<string, (...args: readonly Value[]) => Value>([
    ["escapeJavaScript", onText(escapeJavaScript)],
    ["parseJson", (text) => (text === undefined || text === null ? undefined : parsedJson(textOf(text)))],
    ["urlEncode", onText(urlEncode)],
    ["urlDecode", onText(urlDecode)],
    ["base64Encode", onText((text) => Buffer.from(text).toString("base64"))],
    ["base64Decode", onText((text) => Buffer.from(text, "base64").toString("utf8"))],
  ]),
);

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "'": "\\'",
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** As Apache Commons Lang does it: quotes, slashes, control characters, and everything beyond ASCII. */
function escapeJavaScript(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex -- exactly those are escaped
    /["'\\/\u0000-\u001f\u007f-\uffff]/g,
    (character) => ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
}

/** As java.net.URLEncoder: a space is `+`. */
function urlEncode(text: string): string {
  // Half of a pair of surrogates has no UTF-8.
  return encodeURIComponent(Buffer.from(text).toString("utf8"))
    .replace(/%20/g, "+")
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function urlDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new TemplateFault("$util.urlDecode: the text is not encoded as a URL is");
  }
}

function parsedJson(text: string): Value {
  const json = jsonIn(text);
  if (json === undefined) throw new TemplateFault("$util.parseJson: the text is no JSON");
  return valueOf(json);
}
