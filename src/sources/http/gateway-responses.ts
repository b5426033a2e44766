/**
 * Error answers of a REST API, dressed as its gateway responses say: status, headers, and body by template. "A GatewayResponse
 * mapping template isn't processed by the Velocity Template Language (VTL)": variables are filled in, and all else is text.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-gateway-responses.responseTemplates.html
 */
import type { GatewayResponse } from "../../config/api-config.js";
import { fillIn } from "./access-log.js";
import type { HeaderLine, HttpAnswer } from "./message.js";
import { requestValue, type RequestValues } from "./request-value.js";

export interface DressOptions {
  readonly responses: Readonly<Record<string, GatewayResponse>>;
  /** Of the refusal. */
  readonly type: string;
  /** Asked only when there is such a response. */
  readonly values: () => RequestValues;
}

export function dressed(answer: HttpAnswer, { responses, type, values: read }: DressOptions): HttpAnswer {
  const response = responses[type] ?? responses[answer.statusCode >= 500 ? "DEFAULT_5XX" : "DEFAULT_4XX"];
  if (response === undefined) return answer;
  const values = read();
  const added = response.headers.flatMap(([name, expression]): HeaderLine[] => {
    const value = valueOf(expression, values);
    return value === undefined ? [] : [[name, value]];
  });
  const names = new Set(added.map(([name]) => name.toLowerCase()));
  const { template } = response;
  return {
    statusCode: response.statusCode ?? answer.statusCode,
    headers: [...answer.headers.filter(([name]) => !names.has(name.toLowerCase())), ...added],
    body: template === undefined ? answer.body : Buffer.from(filledIn(template, values)),
  };
}

/** Stage variables first: what a client sent may look like one. */
const filledIn = (template: string, { context, stageVariables }: RequestValues): string =>
  fillIn(
    template.replace(/\$stageVariables\.([A-Za-z0-9_]+)/g, (_, name: string) => stageVariables[name] ?? "null"),
    context,
    "null",
  );

/** `'text'`, or something of the request. */
function valueOf(expression: string, values: RequestValues): string | undefined {
  const fixed = /^'(.*)'$/s.exec(expression)?.[1];
  if (fixed !== undefined) return fixed;
  const [, kind, name = ""] =
    /^(?:method\.request\.(header|querystring)|(context|stageVariables))\.(.+)$/
      .exec(expression)
      ?.filter((part) => part !== undefined) ?? [];
  return requestValue(kind, name, values);
}
