/**
 * What the mappings of HTTP APIs name: `$request.header.x`, `${request.body.a} and ${context.stage}`, or a text.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
 */
import { valueAt } from "../access-log.js";
import { headerOf, type HeaderLine } from "../message.js";
import { bodyValue } from "./body-value.js";
import type { Sources } from "./request-mapping.js";

/** "API Gateway truncates the request body at 100 KB and then applies the selection expression" */
const MAX_BODY_BYTES = 100 * 1024;

export interface Answered {
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
}

/** Undefined where one variable alone is asked for and there is nothing. */
export function selected(expression: string, sources: Sources, answer?: Answered): string | undefined {
  if (/^\$[a-zA-Z]/.test(expression)) return valueNamed(expression.slice(1), sources, answer);
  const alone = /^\$\{([^}]+)\}$/.exec(expression)?.[1];
  if (alone !== undefined) return valueNamed(alone, sources, answer);
  return expression.replace(/\$\{([^}]+)\}/g, (_, name: string) => valueNamed(name, sources, answer) ?? "");
}

function valueNamed(name: string, sources: Sources, answer: Answered | undefined): string | undefined {
  const { context, parameters, query, request, stageVariables } = sources;
  const [, root, place, rest] =
    /^(request|response|context|stageVariables)(?:\.([^.[]+))?(?:\.?(.+))?$/s.exec(name) ?? [];
  if (root === "context") return valueAt(context() as Readonly<Record<string, unknown>>, name.slice("context.".length));
  if (root === "stageVariables") return stageVariables[name.slice("stageVariables.".length)];
  const asked = root === "response" ? answer : request;
  if (asked === undefined) return undefined;
  switch (place) {
    case "header":
      return headerOf(asked, (rest ?? "").toLowerCase());
    case "body":
      return bodyValue(
        (rest === undefined ? asked.body : asked.body.subarray(0, MAX_BODY_BYTES)).toString("utf8"),
        rest,
      );
    case "querystring":
      return root === "request" ? query.get(rest ?? "")?.join(",") : undefined;
    case "path":
      return root !== "request" ? undefined : rest === undefined ? request.path : parameters.path[rest];
    default:
      return undefined;
  }
}
