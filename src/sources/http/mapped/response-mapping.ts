/**
 * What the answer of an integration becomes: the response that its status or error message chooses, headers by name, body
 * by template.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html
 */
import type { IntegrationResponse, MappedIntegration } from "../../../config/api-integration.js";
import type { Crossing } from "../crossing.js";
import { multiMap } from "../event-v1.js";
import { headerOf, mediaTypeOf, type HeaderLine, type HttpAnswer, type HttpRequest } from "../message.js";
import { outgoing } from "../result-v1.js";
import { TemplateFault } from "../vtl/bounds.js";
import { evaluate } from "../vtl/evaluate.js";
import { javaPattern } from "../vtl/java-pattern.js";
import { bodyValue } from "./body-value.js";
import type { IntegrationAnswer } from "./integration-answer.js";
import { responsePayload } from "./payload.js";
import { generalValue, type Sources } from "./request-mapping.js";
import { templateVariables } from "./template-variables.js";

export async function mapResponse(
  integration: MappedIntegration,
  answer: IntegrationAnswer,
  { passage, target: { api } }: Crossing,
  sources: Sources,
): Promise<HttpAnswer | "misconfigured"> {
  const response = chosen(integration.responses, answer.subject);
  if (response === undefined) {
    passage.integrationError =
      "Execution failed due to configuration error: No match for output mapping and no default endpoint response configured";
    return "misconfigured";
  }
  const { headers, body } = answer;
  const payload = responsePayload(
    body,
    headers,
    sources.request.headers,
    response.contentHandling,
    api.binaryMediaTypes,
  );
  const [type, template] = templateFor(sources.request, response);
  const mapped = mappedHeaders(response, answer, sources);
  if (template === undefined) return made(response.statusCode, [["Content-Type", type], ...mapped], payload);
  const { parameters, stageVariables, context } = sources;
  const input = { body: payload.toString("utf8"), parameters, stageVariables, context: context() };
  const { variables, overrides } = templateVariables(input, "responseOverride");
  const text = await evaluate(template, variables);
  const { status, values } = overrides();
  return made(
    status ?? response.statusCode,
    [["Content-Type", type], ...mapped, ...(values.get("header") ?? [])],
    Buffer.from(text),
  );
}

/** "The selection pattern is matched against the whole"; the one without a pattern is for all others. */
function chosen(responses: readonly IntegrationResponse[], subject: string): IntegrationResponse | undefined {
  return (
    responses.find(({ pattern }) => pattern !== "" && matches(pattern, subject)) ??
    responses.find(({ pattern }) => pattern === "")
  );
}

/** What is no pattern of JavaScript's (Java's have more) matches nothing. */
function matches(pattern: string, subject: string): boolean {
  try {
    return javaPattern(pattern, "whole").exec(subject) !== null;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** By the type that the client accepts first, else the one for JSON, else the only one. */
function templateFor(request: HttpRequest, { templates }: IntegrationResponse): readonly [string, string | undefined] {
  const accepted = mediaTypeOf((headerOf(request, "accept") ?? "").split(",", 1)[0]);
  const all = Object.entries(templates);
  const of = (type: string): readonly [string, string] | undefined => all.find(([name]) => mediaTypeOf(name) === type);
  return of(accepted) ?? of("application/json") ?? all[0] ?? ["application/json", undefined];
}

function mappedHeaders(
  { parameters }: IntegrationResponse,
  answer: IntegrationAnswer,
  sources: Sources,
): readonly HeaderLine[] {
  return Object.entries(parameters).flatMap(([to, from]): HeaderLine[] => {
    const name = /^method\.response\.header\.(.+)$/.exec(to)?.[1];
    const values = name === undefined ? undefined : valuesOf(from, answer, sources);
    return name === undefined || values === undefined ? [] : values.map((value): HeaderLine => [name, value]);
  });
}

/** Undefined for what the answer does not have. */
function valuesOf(
  expression: string,
  { headers, body }: IntegrationAnswer,
  sources: Sources,
): readonly string[] | undefined {
  const fixed = /^'(.*)'$/s.exec(expression)?.[1] ?? generalValue(expression, sources);
  if (fixed !== undefined) return [fixed];
  const [, multi, name] = /^integration\.response\.(multivalue)?header\.(.+)$/.exec(expression) ?? [];
  if (name !== undefined) {
    const list = [...multiMap(headers)].find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
    return multi === undefined ? list?.slice(-1) : list;
  }
  const path = /^integration\.response\.body(?:\.(.+))?$/s.exec(expression);
  if (path === null) return undefined;
  const value = bodyValue(body.toString("utf8"), path[1]);
  return value === undefined ? undefined : [value];
}

/** A later header of a name takes the place of an earlier one that was mapped otherwise. */
function made(statusCode: number, headers: readonly HeaderLine[], body: Buffer): HttpAnswer {
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 999)
    throw new TemplateFault(`${String(statusCode)} is no status of an answer`);
  const typed = headers.slice(1).some(([name]) => name.toLowerCase() === "content-type");
  return {
    statusCode,
    headers: (typed ? headers.slice(1) : headers).flatMap(([name, value]) => outgoing(name, value) ?? []),
    body,
  };
}
