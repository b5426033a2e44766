/**
 * Whether a client may connect: rate -> guard (IAM, authorizer) -> API key -> $connect. "Until execution of the integration
 * associated with the $connect route is completed, the upgrade request is pending."
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-keys-connect-disconnect.html
 */
import { callerIdentity } from "../http/auth/pass-guard.js";
import { headerOf, type HttpAnswer, type HttpRequest } from "../http/message.js";
import { authorizerEvent, connectEvent, type ConnectionFacts, type Occasion } from "./event.js";
import { admission, logAccess, run, type Refused, type Run } from "./route-run.js";
import { evaluate, type Variables } from "./selection.js";

export type Verdict =
  | (Refused & { readonly facts?: undefined })
  | {
      readonly refused?: undefined;
      readonly facts: ConnectionFacts;
      readonly apiKey: string | undefined;
      readonly answer: HttpAnswer;
    };

type Passed =
  | Refused
  | {
      readonly refused?: undefined;
      readonly learned: Pick<ConnectionFacts, "authorizer" | "caller">;
      readonly usageKey?: string | undefined;
    };

/** `signedPath` is what a signature was made over. */
export async function admitConnection(attempt: Omit<Run, "apiKey">, signedPath: string): Promise<Verdict> {
  const { api, facts, occasion } = attempt;
  const refuse = (refused: Refused): Verdict => {
    logAccess(attempt, refused);
    return refused;
  };
  const passed = await passGuard(attempt, signedPath);
  if (passed.refused !== undefined) return refuse(passed);
  const known = { ...facts, ...passed.learned };
  const apiKey = evaluate(api.config.apiKeySelectionExpression, keyVariables(facts.request, passed.usageKey));
  const parts = { door: attempt.door, api, route: attempt.route, facts: known, occasion, apiKey };
  const refused = admission(parts);
  if (refused !== undefined) return refuse({ refused });
  const answer = await run(parts, connectEvent(known, occasion));
  return "refused" in answer ? answer : { facts: known, apiKey, answer };
}

/** The protocol that the function names among those that the client offers: without its word there is none. */
export function protocolIn({ headers }: HttpAnswer): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === "sec-websocket-protocol")?.[1];
}

async function passGuard(
  { api, door, facts, occasion, route }: Omit<Run, "apiKey">,
  signedPath: string,
): Promise<Passed> {
  const { guard } = route;
  const { request } = facts;
  switch (guard.kind) {
    case "open":
      return { learned: {} };
    case "iam": {
      const { caller, fault } = door.iam(request, signedPath);
      return caller === undefined
        ? { refused: "forbidden", detail: fault }
        : { learned: { caller: callerIdentity(caller) } };
    }
    case "authorizer":
      if (guard.authorizer.kind === "lambda") break;
      return { refused: "authorizer-failed" };
    case "unknown":
      door.log.warn({ authorizer: guard.name }, "$connect names an authorizer that lambda-run does not know");
      return { refused: "authorizer-failed" };
  }
  const { region, accountId } = door.realm;
  const methodArn = `arn:aws:execute-api:${region}:${accountId}:${api.config.id}/${facts.api.stage}/$connect`;
  try {
    const outcome = await door.lambdaAuthorizers.ask({
      // "AuthorizerResultTtlInSeconds: supported only for HTTP API Lambda authorizers"
      authorizer: { ...guard.authorizer, ttlSeconds: 0 },
      event: { request, api: facts.api, resource: "", parameters: {}, binaryMediaTypes: [] },
      routeKey: route.routeKey,
      methodArn,
      context: contextOf(facts, occasion),
      question: authorizerEvent(facts, occasion, methodArn),
    });
    if (outcome.refused !== undefined) return outcome;
    return { learned: { authorizer: outcome.authorizer }, usageKey: outcome.usageKey };
  } catch (error) {
    door.log.warn({ authorizer: guard.authorizer.name, err: error }, "an authorizer could not be asked");
    return { refused: "authorizer-failed" };
  }
}

/** `$request.header.x-api-key`, or what the authorizer says. */
const keyVariables =
  (request: HttpRequest, usageKey: string | undefined): Variables =>
  ([root, part, ...name]) => {
    if (root === "request" && part === "header") return headerOf(request, name.join(".").toLowerCase());
    return [root, part, ...name].join(".") === "context.authorizer.usageIdentifierKey" ? usageKey : undefined;
  };

/** What an identity source may name. */
function contextOf(
  { connectionId, request }: ConnectionFacts,
  { eventType, routeKey }: Occasion,
): Readonly<Record<string, unknown>> {
  return {
    connectionId,
    eventType,
    routeKey,
    identity: { sourceIp: request.sourceIp, userAgent: headerOf(request, "user-agent") },
  };
}
