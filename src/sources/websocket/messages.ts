/** What becomes of a message: its route, the run of that, and what the client is told. */
import type { HttpAnswer } from "../http/message.js";
import type { Route, WebSocketApi } from "./api-model.js";
import { GOING_AWAY, type Connection } from "./connection.js";
import type { Door } from "./door.js";
import { disconnectEvent, messageEvent, type ConnectionFacts, type Disconnection, type Occasion } from "./event.js";
import { newId } from "./id.js";
import { refusalBody, whyRefused, wordsOf } from "./refusals.js";
import { admission, logAccess, run, type Refused } from "./route-run.js";
import { bodyVariables, evaluate } from "./selection.js";

/** Nobody gets to these by a message. */
const RESERVED: ReadonlySet<string> = new Set(["$connect", "$disconnect"]);
const DEFAULT_ROUTE = "$default";
/** "If a binary frame is received, the connection is closed with code 1003." */
const NO_BINARY: Disconnection = { statusCode: 1003, reason: "" };

/** Runs are not waited for: each message has its own, and they begin in the order of arrival. */
export async function receive(door: Door, connection: Connection, data: Buffer, isBinary: boolean): Promise<void> {
  const { api, facts } = connection;
  if (connection.hasEnded) return;
  if (api === undefined) {
    // The template has it no more.
    connection.close(GOING_AWAY);
    return;
  }
  connection.touch();
  const body = data.toString("utf8");
  const key = isBinary ? undefined : evaluate(api.config.routeSelectionExpression, bodyVariables(body));
  const route = routeFor(api, key);
  if (isBinary && route?.source?.takesBinary !== true) {
    connection.close(NO_BINARY);
    return;
  }
  const occasion: Occasion = {
    eventType: "MESSAGE",
    routeKey: route?.routeKey ?? DEFAULT_ROUTE,
    messageId: newId(),
    requestId: newId(),
    atMs: door.clock.now(),
  };
  const message = isBinary
    ? { body: data.toString("base64"), isBase64Encoded: true }
    : { body, isBase64Encoded: false };
  const result = await resultOf(door, { api, connection, facts, occasion, route }, message);
  const why = "refused" in result ? whyRefused(result.refused, key) : undefined;
  if (why !== undefined) door.notice(`a message to ${api.config.logicalId} is refused: ${why}`);
  const told = textFor(route, result, (words) => refusalBody(words, facts.connectionId, occasion.requestId));
  if (told !== undefined) connection.send(told);
}

interface Received {
  readonly api: WebSocketApi;
  readonly connection: Connection;
  readonly facts: ConnectionFacts;
  readonly occasion: Occasion;
  readonly route: Route | undefined;
}

async function resultOf(
  door: Door,
  { api, connection, facts, occasion, route }: Received,
  message: { readonly body: string; readonly isBase64Encoded: boolean },
): Promise<HttpAnswer | Refused> {
  const refuse = (refused: Refused): Refused => {
    logAccess({ door, api, facts, occasion }, refused);
    return refused;
  };
  if (route === undefined) return refuse({ refused: "no-route" });
  const parts = { door, api, route, facts, occasion, apiKey: connection.apiKey };
  const refused = admission(parts);
  if (refused !== undefined) return refuse({ refused });
  return run(parts, messageEvent(facts, occasion, message));
}

/** A route that is one-way says nothing but that it could not be run. */
function textFor(
  route: Route | undefined,
  result: HttpAnswer | Refused,
  refusal: (words: string) => string,
): string | Buffer | undefined {
  if ("refused" in result) return refusal(wordsOf(result.refused, result.detail));
  if (route?.fixed?.absent !== undefined) return refusal(route.fixed.absent);
  if (route?.fixed !== undefined && result.statusCode >= 500) return refusal("Internal server error");
  return route?.answers === true && result.body.length > 0 ? result.body : undefined;
}

/** $disconnect is told once; what it answers is for nobody. */
export async function tellOfEnd(
  door: Door,
  { api, apiKey, facts }: Pick<Connection, "api" | "apiKey" | "facts">,
  disconnect: Disconnection,
): Promise<void> {
  const route = api?.routes.get("$disconnect");
  if (api === undefined || route === undefined) return;
  const occasion: Occasion = {
    eventType: "DISCONNECT",
    routeKey: "$disconnect",
    requestId: newId(),
    atMs: door.clock.now(),
    disconnect,
  };
  await run({ door, api, route, facts, occasion, apiKey }, disconnectEvent(facts, occasion));
}

function routeFor({ routes }: WebSocketApi, key: string | undefined): Route | undefined {
  const chosen = key === undefined || RESERVED.has(key) ? undefined : routes.get(key);
  return chosen ?? routes.get(DEFAULT_ROUTE);
}
