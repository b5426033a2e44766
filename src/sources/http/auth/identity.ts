/** The values that an authorizer identifies a caller by. All of them have to be there. */
import { headerOf, parseQuery, type HttpRequest } from "../message.js";

export interface IdentityPlace {
  readonly request: HttpRequest;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, unknown>>;
}

/** Undefined when one of the sources is absent or empty. */
export function identityOf(sources: readonly string[], place: IdentityPlace): readonly string[] | undefined {
  const values: string[] = [];
  for (const source of sources) {
    const value = valueOf(source, place);
    if (value === undefined || value === "") return undefined;
    values.push(value);
  }
  return values;
}

function valueOf(source: string, { request, stageVariables, context }: IdentityPlace): string | undefined {
  const [, kind = "", name = ""] =
    /^(?:method\.request\.|\$request\.|\$)?(header|querystring|stageVariables|context)\.(.+)$/.exec(source) ?? [];
  switch (kind) {
    case "header":
      return headerOf(request, name.toLowerCase());
    case "querystring":
      return parseQuery(request.query).get(name)?.at(-1);
    case "stageVariables":
      return stageVariables[name];
    case "context": {
      let value: unknown = context;
      for (const key of name.split("."))
        value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
      return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
    }
    default:
      return undefined;
  }
}
