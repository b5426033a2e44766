/** Values of a request by the names that templates have for them: identity sources, headers of gateway responses. */
import { valueAt } from "./access-log.js";
import { headerOf, parseQuery, type HttpRequest } from "./message.js";

export interface RequestValues {
  readonly request: HttpRequest;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** What `$context` can name. */
  readonly context: Readonly<Record<string, unknown>>;
}

/** `kind` as templates write it; undefined for any other, and for what is not there. */
export function requestValue(
  kind: string | undefined,
  name: string,
  { request, stageVariables, context }: RequestValues,
): string | undefined {
  switch (kind) {
    case "header":
      return headerOf(request, name.toLowerCase());
    case "querystring":
      return parseQuery(request.query).get(name)?.at(-1);
    case "stageVariables":
      return stageVariables[name];
    case "context":
      return valueAt(context, name);
    default:
      return undefined;
  }
}
