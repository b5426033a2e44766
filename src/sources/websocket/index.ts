/**
 * # WebSocket APIs
 *
 * Mimics: API Gateway's WebSocket APIs with Lambda proxy and MOCK integrations: connections with $connect, $disconnect, $default
 * and routes of one's own, selection expressions, two-way routes, Lambda and IAM authorizers, API keys, throttling, access logs,
 * quotas, and the management API (`@connections`). Sources: the developer guide, the model of ApiGatewayManagementApi, SAM's
 * translator (all 2026), events that users have published (2022 to 2024).
 *
 * Gaps:
 * - Integrations of type AWS, HTTP and HTTP_PROXY, and MOCK with mapping templates: they are named when the stack starts; $connect
 *   answers 501, and whoever sends to another such route is told by name
 * - Models and required parameters (`RequestModels`, `RequestParameters`) are not evaluated, which is said when the stack starts
 * - Custom domains, mutual TLS, WAF: as if they were not declared
 * - The API that makes such APIs (`apigatewayv2`) is answered with an error by name
 * - A WebSocket API that is added to the template while the stack runs, and is its first one, is served after a restart
 * - HTTPS to the management API is trusted by functions in Node, Python and custom runtimes, not by those in container images
 *
 * By design:
 * - Connections are taken on the HTTP port, at `/STAGE`, `/_aws/execute-api/ID/STAGE` and `ID.execute-api.localhost`; the stage
 *   may be left out when an API has only one
 * - `requestContext.domainName` is the address of this machine (`127.0.0.1:3000`), since handlers make the endpoint of the
 *   management API of it: the port speaks TLS, too, with a certificate that functions of the template trust
 * - The management API is found without API and stage, too (`AWS_ENDPOINT_URL`): ids of connections are unique
 * - A page of a foreign site is refused with 403 unless the option `origins` allows it
 * - Connections end with the process: when a stack stops in order, $disconnect runs for each; after a kill its ids are gone (410)
 * - Connections stay when code changes; the next message finds the new code
 * - Integration timeouts run in real time; idle time, lifetime and throttling by the stack's clock
 *
 * Client quirks:
 * - Browsers and most libraries send a message as one frame: over 32 KB it closes the connection, here as on AWS
 *
 * Unverified:
 * - What a refused handshake carries beside its status; that headers and body of what $connect answers do not reach the client
 * - That $disconnect does not run for a connection that $connect refused, and runs for one whose client left meanwhile
 * - The reason texts of 1003, 1006, and of connections closed by DELETE or by their lifetime
 * - That pings of the client count as activity; that `requestContext.authorizer` keeps `integrationLatency` after $connect
 * - That either a route response or its selection expression makes a route two-way; that a status of 5xx is sent like any other
 * - Texts of BadRequestException, PayloadTooLargeException and LimitExceededException; how much a client may leave unread (1 MB)
 * - What a plain request to such an API gets (426)
 * - `isBase64Encoded` of messages by `CONVERT_TO_TEXT`
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocketServer } from "ws";
import type { Application } from "../../config/application.js";
import { realClock, type Clock } from "../../shared/clock.js";
import type { DoorContext } from "../http/door-context.js";
import type { UpgradeHandler } from "../http/handler.js";
import type { WebSocketRequests } from "../http/index.js";
import { createHostCheck } from "../http/host-check.js";
import { headerOf, jsonAnswer, type HttpAnswer, type HttpRequest } from "../http/message.js";
import { perApplication } from "../http/per-application.js";
import { requestOf } from "../http/read-request.js";
import { refusal } from "../http/refusals.js";
import { apisOf, type WebSocketApi } from "./api-model.js";
import { Connection, GOING_AWAY } from "./connection.js";
import type { Door } from "./door.js";
import { CUT_OFF, type ConnectionFacts, type Disconnection, type Occasion } from "./event.js";
import { isForeign } from "./foreign.js";
import { FrameWatch, MAX_MESSAGE_BYTES } from "./frame-watch.js";
import { admitConnection, protocolIn } from "./handshake.js";
import { connectionIn, manage } from "./management.js";
import { newId } from "./id.js";
import { receive, tellOfEnd } from "./messages.js";
import { refusalBody, statusOf, wordsOf, wordsOfStatus } from "./refusals.js";
import { writeRefusal } from "./socket-answer.js";
import { webSocketTarget, type WebSocketTarget } from "./target.js";

export interface WebSocketDoorOptions {
  readonly application: () => Application;
  readonly context: DoorContext;
  readonly clock: Clock;
  /** `127.0.0.1:3000`: where handlers find the management API. */
  readonly domainName: string;
  readonly hosts: readonly string[];
  /** Of pages that may connect, besides those of this machine. */
  readonly origins: readonly string[];
  readonly onAccess: (destinationArn: string, line: string) => void;
}

export interface WebSocketDoor extends WebSocketRequests {
  /** Takes a request for a WebSocket over; false where it is for no WebSocket API. */
  readonly upgrade: UpgradeHandler;
  /** Ends all connections and waits a moment for their $disconnect. */
  close(): Promise<void>;
}

/** As clients have shown it: https://repost.aws/questions/QUpz6uWU0SSnunjzPrbmLtRg */
const TOO_LARGE: Disconnection = { statusCode: 1009, reason: "Message too big" };
/** How long functions get for $disconnect when the stack stops. */
const FAREWELL_MS = 3000;

export async function createWebSocketDoor(options: WebSocketDoorOptions): Promise<WebSocketDoor> {
  const { WebSocketServer: Server } = await import("ws");
  return new Doorkeeper(
    options,
    new Server({
      noServer: true,
      clientTracking: false,
      // AWS offers none.
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      handleProtocols: (_offered, message) => protocolOf.get(message) ?? false,
    }),
  );
}

/** RFC 6455, 4.1 */
const isHandshake = ({ headers }: IncomingMessage): boolean =>
  /^[A-Za-z0-9+/]{22}==$/.test(headers["sec-websocket-key"] ?? "") && headers["sec-websocket-version"] === "13";

/** What $connect has chosen, for the library that answers the handshake. */
const protocolOf = new WeakMap<IncomingMessage, string>();

class Doorkeeper implements WebSocketDoor {
  readonly #options: WebSocketDoorOptions;
  readonly #server: WebSocketServer;
  readonly #door: Door;
  readonly #hostFault: ReturnType<typeof createHostCheck>;
  readonly #origins: ReadonlySet<string>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #apis: () => readonly WebSocketApi[];
  #isClosing = false;

  constructor(options: WebSocketDoorOptions, server: WebSocketServer) {
    this.#options = options;
    this.#server = server;
    this.#hostFault = createHostCheck(options.hosts);
    this.#apis = perApplication(options.application, apisOf);
    this.#origins = new Set(options.origins);
    this.#door = {
      ...options.context,
      clock: options.clock,
      connections: new Map(),
      onAccess: options.onAccess,
    };
  }

  readonly upgrade: UpgradeHandler = (message, socket, head) => {
    const request = requestOf(message, Buffer.alloc(0), this.#options.clock);
    const target = webSocketTarget(request, this.#apis());
    if (target === undefined) return false;
    // Its end is seen elsewhere; without a listener it would end the process.
    socket.on("error", () => socket.destroy());
    const fault = this.#hostFault(message);
    if (this.#isClosing) socket.destroy();
    else if (fault !== undefined) writeRefusal(socket, fault);
    else if (isForeign(request, this.#origins))
      writeRefusal(
        socket,
        jsonAnswer(403, { message: 'Pages of other sites are refused. Allow theirs with the option "origins".' }),
      );
    else if (!/^\/?$/.test(target.rest)) writeRefusal(socket, refusal("rest", "forbidden"));
    // The library says what is wrong with it, and nobody gets to connect.
    else if (!isHandshake(message)) this.#server.handleUpgrade(message, socket, head, (open) => open.terminate());
    else
      this.#connect(message, request, target, socket, head).catch((error: unknown) => {
        this.#door.log.error({ err: error }, "a WebSocket handshake failed");
        socket.destroy();
      });
    return true;
  };

  manage(request: HttpRequest): HttpAnswer | undefined {
    const connectionId = connectionIn(request);
    return connectionId === undefined ? undefined : manage(this.#door, request, connectionId, this.#origins);
  }

  refuse(request: HttpRequest): HttpAnswer | undefined {
    if (webSocketTarget(request, this.#apis()) === undefined) return undefined;
    const isUpgrade = headerOf(request, "upgrade")?.toLowerCase() === "websocket";
    const message = isUpgrade ? `Connections are taken at ws://${this.#options.domainName}` : "Upgrade Required";
    return jsonAnswer(426, { message }, [["Upgrade", "websocket"]]);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const { connections } = this.#door;
    const open = [...connections.values()];
    for (const connection of open) connection.close(GOING_AWAY);
    // In real time: functions are processes.
    const limit = new AbortController();
    await Promise.race([
      Promise.all(this.#underWay),
      realClock.sleep(FAREWELL_MS, limit.signal).catch(() => undefined),
    ]);
    limit.abort();
    for (const connection of open) connection.cut();
    this.#server.close();
  }

  async #connect(
    message: IncomingMessage,
    request: HttpRequest,
    { api, stage }: WebSocketTarget,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const { domainName } = this.#options;
    const { config } = api;
    const occasion: Occasion = {
      eventType: "CONNECT",
      routeKey: "$connect",
      requestId: newId(),
      atMs: request.receivedAtMs,
    };
    const facts: ConnectionFacts = {
      connectionId: newId(),
      connectedAtMs: request.receivedAtMs,
      request,
      api: {
        accountId: this.#door.realm.accountId,
        apiId: config.id,
        domainName,
        stage,
        stageVariables: config.stageVariables,
      },
    };
    const route = api.routes.get("$connect");
    const attempt = route && { door: this.#door, api, route, facts, occasion };
    const verdict = attempt === undefined ? undefined : await admitConnection(attempt, request.path);
    const refuse = (statusCode: number, words: string): void =>
      writeRefusal(socket, {
        statusCode,
        headers: [["Content-Type", "application/json"]],
        body: Buffer.from(refusalBody(words, facts.connectionId, occasion.requestId)),
      });
    if (verdict?.refused !== undefined) {
      const statusCode = statusOf(verdict.refused);
      // What is wrong with a signature is long, and holds what the client sent.
      const { type } = verdict.detail ?? {};
      const why = `${wordsOf(verdict.refused)}${type === undefined ? "" : ` (${type})`}`;
      this.#door.notice(`a connection to ${config.logicalId} is refused with ${statusCode}: ${why}`);
      refuse(statusCode, wordsOf(verdict.refused, verdict.detail));
      return;
    }
    const answer = verdict?.answer;
    if (answer !== undefined && (answer.statusCode < 200 || answer.statusCode > 299)) {
      // The function's own words are for nobody.
      refuse(answer.statusCode, route?.fixed?.absent ?? wordsOfStatus(answer.statusCode));
      return;
    }
    const protocol = answer && protocolIn(answer);
    if (protocol !== undefined) protocolOf.set(message, protocol);
    this.#accept(message, socket, head, verdict ?? { facts, apiKey: undefined });
  }

  #accept(
    message: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { facts, apiKey }: Pick<Connection, "facts" | "apiKey">,
  ): void {
    const { connections } = this.#door;
    const api = (): WebSocketApi | undefined => this.#apis().find(({ config }) => config.id === facts.api.apiId);
    const onEnd = (end: Disconnection): void => {
      connections.delete(facts.connectionId);
      this.#keep(tellOfEnd(this.#door, { api: api(), apiKey, facts }, end), "$disconnect failed");
    };
    let isOpen = false;
    this.#server.handleUpgrade(message, socket, head, (webSocket) => {
      isOpen = true;
      const { clock } = this.#options;
      const connection = new Connection({ facts, apiKey, socket: webSocket, clock, api, onEnd });
      connections.set(facts.connectionId, connection);
      const frames = new FrameWatch();
      // Before the library reads them: a message that is too large must not arrive.
      socket.prependListener("data", (chunk: Buffer) => {
        if (!connection.hasEnded && frames.exceeds(chunk)) connection.close(TOO_LARGE);
      });
      webSocket.on("message", (data: Buffer, isBinary: boolean) => {
        this.#keep(receive(this.#door, connection, data, isBinary), "a message failed");
      });
      if (this.#isClosing) connection.close(GOING_AWAY);
    });
    // The client left while $connect ran.
    if (!isOpen) onEnd(CUT_OFF);
  }

  /** What is under way when the stack stops is waited for. */
  #keep(work: Promise<void>, failure: string): void {
    const kept = work
      .catch((error: unknown) => this.#door.log.error({ err: error }, failure))
      .finally(() => this.#underWay.delete(kept));
    this.#underWay.add(kept);
  }
}
