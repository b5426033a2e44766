/** Events of a WebSocket API, by the builders of its door. */
import { randomBytes, randomUUID } from "node:crypto";
import type { HeaderLine, HttpRequest } from "../../sources/http/message.js";
import {
  connectEvent,
  disconnectEvent,
  messageEvent,
  NO_STATUS,
  type ConnectionFacts,
  type Occasion,
} from "../../sources/websocket/event.js";
import { newId } from "../../sources/websocket/id.js";
import type { Realm } from "../../shared/arn.js";

export const WEBSOCKET_KINDS = [
  "apigw:websocket-connect",
  "apigw:websocket-message",
  "apigw:websocket-disconnect",
] as const;
export type WebSocketKind = (typeof WEBSOCKET_KINDS)[number];

export const isWebSocketKind = (kind: string): kind is WebSocketKind =>
  (WEBSOCKET_KINDS as readonly string[]).includes(kind);

export interface WebSocketSettings {
  readonly realm: Realm;
  readonly nowMs: number;
  /** Its query is that of the handshake. */
  readonly path: string;
  /** Key of the route that the message goes to. */
  readonly route: string | undefined;
  readonly stage: string | undefined;
  /** Where the APIs of this project answer: handlers call it. */
  readonly localHost: string;
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
}

/** Between the handshake and what happens then. */
const AGE_MS = 1500;

/** `sourceIp` is the client's. */
export function webSocketEvent(kind: WebSocketKind, settings: WebSocketSettings, sourceIp: string): unknown {
  const { body, localHost, nowMs, path, realm, route, stage = "prod" } = settings;
  const mark = path.indexOf("?");
  const usual: readonly HeaderLine[] = [
    ["Host", localHost],
    ["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"],
    ["Sec-WebSocket-Key", randomBytes(16).toString("base64")],
    ["Sec-WebSocket-Version", "13"],
  ];
  const request: HttpRequest = {
    method: "GET",
    path: `/${stage}`,
    query: mark === -1 ? "" : path.slice(mark + 1),
    headers: [...usual, ...settings.headers],
    body: Buffer.alloc(0),
    sourceIp,
    protocol: "HTTP/1.1",
    receivedAtMs: nowMs,
    requestId: randomUUID(),
  };
  const isConnect = kind === "apigw:websocket-connect";
  const facts: ConnectionFacts = {
    connectionId: newId(),
    connectedAtMs: isConnect ? nowMs : nowMs - AGE_MS,
    request,
    api: {
      accountId: realm.accountId,
      apiId: randomBytes(5).toString("hex"),
      domainName: localHost,
      stage,
      stageVariables: {},
    },
  };
  const shared = { requestId: newId(), atMs: nowMs };
  switch (kind) {
    case "apigw:websocket-connect":
      return connectEvent(facts, { ...shared, eventType: "CONNECT", routeKey: "$connect" });
    case "apigw:websocket-message": {
      const occasion: Occasion = {
        ...shared,
        eventType: "MESSAGE",
        routeKey: route ?? "$default",
        messageId: newId(),
      };
      return messageEvent(facts, occasion, { body: body.toString("utf8"), isBase64Encoded: false });
    }
    case "apigw:websocket-disconnect":
      return disconnectEvent(facts, {
        ...shared,
        eventType: "DISCONNECT",
        routeKey: "$disconnect",
        disconnect: NO_STATUS,
      });
  }
}
