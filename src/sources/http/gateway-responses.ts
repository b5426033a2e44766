/** Error answers of a REST API, dressed as its gateway responses say: status, headers, and body by template. */
import type { GatewayResponse } from "../../config/application.js";
import { fillIn, valueAt } from "./access-log.js";
import { headerOf, parseQuery, type HeaderLine, type HttpAnswer, type HttpRequest } from "./message.js";

export interface DressOptions {
  readonly responses: Readonly<Record<string, GatewayResponse>>;
  /** Of the refusal. */
  readonly type: string;
  readonly request: HttpRequest;
  readonly stageVariables: Readonly<Record<string, string>>;
  /** What `$context` can name. */
  readonly context: () => Readonly<Record<string, unknown>>;
}

/** Directives and functions of VTL, which nothing here evaluates. */
const VTL = /#|\$(input|util|stageVariables)\b/;

export function dressed(answer: HttpAnswer, options: DressOptions): HttpAnswer {
  const { responses, type } = options;
  const response = responses[type] ?? responses[answer.statusCode >= 500 ? "DEFAULT_5XX" : "DEFAULT_4XX"];
  if (response === undefined) return answer;
  const added = response.headers.flatMap(([name, expression]): HeaderLine[] => {
    const value = valueOf(expression, options);
    return value === undefined ? [] : [[name, value]];
  });
  const names = new Set(added.map(([name]) => name.toLowerCase()));
  const { template } = response;
  return {
    statusCode: response.statusCode ?? answer.statusCode,
    headers: [...answer.headers.filter(([name]) => !names.has(name.toLowerCase())), ...added],
    body:
      template === undefined || VTL.test(template)
        ? answer.body
        : Buffer.from(fillIn(template, options.context(), "null")),
  };
}

/** `'text'`, or something of the request. */
function valueOf(expression: string, { context, request, stageVariables }: DressOptions): string | undefined {
  const fixed = /^'(.*)'$/s.exec(expression)?.[1];
  if (fixed !== undefined) return fixed;
  const [, kind, name = ""] =
    /^(?:method\.request\.(header|querystring)|(context|stageVariables))\.(.+)$/
      .exec(expression)
      ?.filter((part) => part !== undefined) ?? [];
  switch (kind) {
    case "header":
      return headerOf(request, name.toLowerCase());
    case "querystring":
      return parseQuery(request.query).get(name)?.at(-1);
    case "stageVariables":
      return stageVariables[name];
    case "context":
      return valueAt(context(), name);
    default:
      return undefined;
  }
}
