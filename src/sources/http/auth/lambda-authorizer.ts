/**
 * Lambda authorizers: ask the function who may pass, keep its answer for a while.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 */
import type { InvokeAnswer } from "../../../runtime/types.js";
import type { Clock } from "../../../shared/clock.js";
import { eventV1, type EventV1Input } from "../event-v1.js";
import { eventV2 } from "../event-v2.js";
import type { RefusalDetail, RefusalName } from "../refusals.js";
import { objectIn } from "../result-v1.js";
import { within } from "../within.js";
import type { LambdaAuthorizer } from "./guards.js";
import { identityOf } from "./identity.js";
import { evaluatePolicy } from "./policy.js";

/** Refused, or let through with what the function of the route gets to see. */
export type AuthOutcome =
  | { readonly refused: RefusalName; readonly detail?: RefusalDetail }
  | {
      readonly refused?: undefined;
      readonly authorizer: Readonly<Record<string, unknown>>;
      readonly usageKey?: string | undefined;
    };

export interface AuthorizerCall {
  readonly authorizer: LambdaAuthorizer;
  readonly event: EventV1Input;
  readonly routeKey: string;
  readonly methodArn: string;
  readonly context: Readonly<Record<string, unknown>>;
  /** What the function is asked where it is no request: by WebSocket APIs. */
  readonly question?: Readonly<Record<string, unknown>>;
}

export type InvokeAuthorizer = (functionArn: string, event: unknown) => Promise<InvokeAnswer>;

interface Kept {
  readonly untilMs: number;
  readonly answer: Answer;
}

/** What the function said, before it is held against one route. */
type Answer =
  | {
      readonly kind: "policy";
      readonly document: unknown;
      readonly principalId: string;
      readonly context: Readonly<Record<string, unknown>>;
      readonly usageKey: string | undefined;
    }
  | { readonly kind: "simple"; readonly isAuthorized: boolean; readonly context: Readonly<Record<string, unknown>> };

const MAX_KEPT = 1000;
/** "Lambda authorizer timeout: 10,000 milliseconds" of HTTP APIs; REST APIs wait as for any integration. */
const HTTP_TIMEOUT_MS = 10_000;
const REST_TIMEOUT_MS = 29_000;

export class LambdaAuthorizers {
  readonly #clock: Clock;
  readonly #invoke: InvokeAuthorizer;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock, invoke: InvokeAuthorizer) {
    this.#clock = clock;
    this.#invoke = invoke;
  }

  async ask(call: AuthorizerCall): Promise<AuthOutcome> {
    const { authorizer, event, context } = call;
    const identity = identityOf(authorizer.identitySources, {
      request: event.request,
      stageVariables: event.api.stageVariables,
      context,
    });
    // Sources that are not there: the function is not even asked.
    if (identity === undefined) return { refused: "unauthorized" };
    const [token = ""] = identity;
    if (
      authorizer.type === "TOKEN" &&
      authorizer.validation !== undefined &&
      !new RegExp(`^(?:${authorizer.validation})$`).test(token)
    ) {
      return { refused: "unauthorized" };
    }
    const key = JSON.stringify([event.api.apiId, authorizer.name, identity]);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.untilMs > this.#clock.now()) return decide(kept.answer, call, 0);
    const startedAt = performance.now();
    const asked = this.#invoke(authorizer.functionArn, call.question ?? requestEvent(call, identity));
    const result = await within(asked, authorizer.payload === "rest" ? REST_TIMEOUT_MS : HTTP_TIMEOUT_MS);
    if (result === undefined) return { refused: "authorizer-failed" };
    if (result.functionError !== undefined) {
      const { errorMessage } = objectIn(result.payload) ?? {};
      return { refused: errorMessage === "Unauthorized" ? "unauthorized" : "authorizer-failed" };
    }
    const answer = readAnswer(result.payload, authorizer);
    if (answer === undefined) return { refused: "authorizer-failed" };
    if (authorizer.ttlSeconds > 0 && identity.length > 0) this.#keep(key, answer, authorizer.ttlSeconds);
    return decide(answer, call, Math.round(performance.now() - startedAt));
  }

  #keep(key: string, answer: Answer, ttlSeconds: number): void {
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(key, { untilMs: this.#clock.now() + ttlSeconds * 1000, answer });
  }
}

function requestEvent(
  { authorizer, event, routeKey, methodArn }: AuthorizerCall,
  identity: readonly string[],
): unknown {
  if (authorizer.type === "TOKEN") return { type: "TOKEN", methodArn, authorizationToken: identity[0] ?? "" };
  if (authorizer.payload === "2.0") {
    const {
      body: _body,
      isBase64Encoded: _flag,
      version: _version,
      ...rest
    } = eventV2({ ...event, routeKey, authorizer: undefined });
    return { version: "2.0", type: "REQUEST", routeArn: methodArn, identitySource: identity, ...rest };
  }
  const {
    body: _body,
    isBase64Encoded: _flag,
    version: _version,
    ...rest
  } = eventV1({ ...event, authorizer: undefined });
  if (authorizer.payload === "rest") return { type: "REQUEST", methodArn, ...rest };
  return {
    version: "1.0",
    type: "REQUEST",
    methodArn,
    identitySource: identity.join(","),
    authorizationToken: identity.join(","),
    ...rest,
  };
}

function readAnswer(payload: Buffer, { payload: version, simpleResponses }: LambdaAuthorizer): Answer | undefined {
  const result = objectIn(payload);
  if (result === undefined) return undefined;
  const context = contextOf(result["context"]);
  if (version === "2.0" && simpleResponses) {
    return typeof result["isAuthorized"] === "boolean"
      ? { kind: "simple", isAuthorized: result["isAuthorized"], context }
      : undefined;
  }
  const { principalId, policyDocument, usageIdentifierKey } = result;
  if (typeof principalId !== "string" || evaluatePolicy(policyDocument, "") === undefined) return undefined;
  // REST takes flat values only, and hands them on as texts.
  if (version === "rest" && Object.values(context).some((value) => typeof value === "object" && value !== null))
    return undefined;
  const flat =
    version === "rest"
      ? Object.fromEntries(
          Object.entries(context).map(([name, value]) => [
            name,
            value === null ? null : String(value as string | number),
          ]),
        )
      : context;
  return {
    kind: "policy",
    document: policyDocument,
    principalId,
    context: flat,
    usageKey: typeof usageIdentifierKey === "string" ? usageIdentifierKey : undefined,
  };
}

function contextOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** A kept policy is held against every route anew. */
function decide(answer: Answer, { authorizer, methodArn }: AuthorizerCall, integrationLatency: number): AuthOutcome {
  if (answer.kind === "simple")
    return answer.isAuthorized ? { authorizer: { lambda: answer.context } } : { refused: "denied" };
  const verdict = evaluatePolicy(answer.document, methodArn);
  if (verdict !== "allow") return { refused: verdict === "explicit-deny" ? "denied-explicitly" : "denied" };
  const { context, principalId, usageKey } = answer;
  if (authorizer.payload === "rest") return { authorizer: { principalId, integrationLatency, ...context }, usageKey };
  return { authorizer: { lambda: context } };
}
