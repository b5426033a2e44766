/**
 * What happens to each request before a service sees it, in order: host, health, route, origin, body (where the
 * signature needs it), signature, service. Every refusal goes out in the wire form of the service that was addressed.
 *
 * Web pages. The keys of a local stack are known to all, so a page from anywhere could sign a request in its user's
 * browser; the same-origin rule hides the answer from it but does not stop the deed. Hence a request that a browser
 * marks as coming from a foreign site (a foreign `Origin`, or `Sec-Fetch-Site: cross-site` without one, as an <img>
 * sends it) is refused with 403, unless the service has rules of its own for browsers. S3 has: its CORS rules decide,
 * as on AWS, since browsers ask first (preflight) before they send PUT or DELETE, and GET changes nothing. A POST of a
 * form goes out unasked, so even S3 takes it only from pages of this machine or from allowed origins.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../shared/clock.js";
import type { Realm } from "../shared/arn.js";
import type { Logger } from "../shared/logger.js";
import type { BodyWatch } from "./body-watch.js";
import { AuthRefusal } from "./kit/auth-refusal.js";
import { FIDELITY_PAGE } from "./kit/unknown-operation.js";
import { createAuthenticator, needsBody, type Mechanism } from "./kit/authenticate.js";
import { AwsError } from "./kit/aws-error.js";
import { collect, tooLarge, tooSlow } from "./kit/body.js";
import type { Credentials } from "./kit/credentials.js";
import { internalError } from "./kit/json-protocol.js";
import { createHostReader, hasTwoHosts, isLocalOrigin, type HostReading } from "./kit/virtual-host.js";
import { protocolOf, sendWireError } from "./kit/wire-error.js";
import { serviceEntry, type ServiceEntry } from "./registry.js";
import { mechanismOf, operationOf, parametersOf, routeOf, routeOfForm, type RoutedRequest } from "./routing.js";
import type { ServiceRequest } from "./service.js";
import type { ServiceSet } from "./service-set.js";

export interface FrontDoorOptions {
  readonly services: ServiceSet;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly realm: Realm;
  readonly log: Logger;
  readonly hosts?: readonly string[];
  readonly origins?: readonly string[];
  readonly version?: string;
  /** Ends those that come too slowly. */
  readonly bodies: BodyWatch;
}

export type FrontDoor = (message: IncomingMessage, response: ServerResponse, awaitsLeave: boolean) => void;

/** A zip of 50 MiB in base64, the largest body that a client may sign without naming its hash, and some room. */
const MAX_BUFFERED_BODY_BYTES = 72 * 1024 * 1024;
/** A form that has to be read before its service is known. */
const MAX_FORM_BYTES = 1024 * 1024 + 64 * 1024;
/** What is left of a refused body is read away up to here, so that the client gets to read the answer. */
const MAX_DRAINED_BYTES = 16 * 1024 * 1024;

/** One request on its way through. */
interface Passage {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly routed: RoutedRequest;
  readonly mechanism: Mechanism;
  /** Answers `Expect: 100-continue`; does nothing when the client did not ask, or asked already. */
  readonly giveLeave: () => void;
}

export function createFrontDoor(options: FrontDoorOptions): FrontDoor {
  const { services, log } = options;
  const readHost = createHostReader(options.hosts ?? []);
  const allowedOrigins = new Set(options.origins ?? []);
  const authenticate = createAuthenticator(options);
  const announced = new Set<string>();
  const { bodies } = options;

  const frontDoor: FrontDoor = (message, response, awaitsLeave) => {
    let waiting = awaitsLeave;
    const giveLeave = (): void => {
      if (!waiting) return;
      waiting = false;
      response.writeContinue();
    };
    const url = message.url ?? "/";
    const { path, query } = splitUrl(url);
    const host = readHost(message.headers.host ?? "");
    if (hasTwoHosts(message.rawHeaders)) {
      refusePlainly(response, 400, "A request has one Host.");
      return;
    }
    if (!host.allowed) {
      refusePlainly(
        response,
        403,
        `The host name "${host.hostname}" is not one of this gateway. Allow it with the option "hosts".`,
      );
      return;
    }
    if (path === "/_lambda-run/health" || path === "/_localstack/health") {
      sendJson(response, health(path));
      return;
    }
    const { method = "GET", headers, rawHeaders } = message;
    const routed = { method, path, query, headers, rawHeaders, host };
    const passage = { message, response, routed, mechanism: mechanismOf(routed), giveLeave };
    const entry = routeOf(routed, passage.mechanism, services.index);
    if (announcesBody(message)) {
      bodies.add(message, () => giveUp(passage, entry, waiting));
      response.once("finish", () => drain(message, waiting));
    }
    if (entry === undefined) void passForm(passage);
    else if (needsBody(passage.mechanism, entry.name === "s3", message.headers)) void passBuffered(passage, entry);
    else pass(passage, entry, undefined);
  };

  /** Authenticates and hands over. Answers every failure. */
  function pass(passage: Passage, entry: ServiceEntry, buffered: Buffer | undefined): void {
    const { message, response, routed, mechanism } = passage;
    const isS3 = entry.name === "s3";
    const requestId = newRequestId(isS3);
    try {
      if (entry.load === undefined) {
        refuseUnknown(passage, entry, buffered, requestId);
        return;
      }
      if (isForeign(routed, entry, allowedOrigins)) {
        const text = 'Requests from the pages of other sites are refused. Allow the origin with the option "origins".';
        throw new AwsError("AccessDenied", text, { statusCode: 403 });
      }
      const path = isS3 ? pathStyle(routed.path, routed.host) : routed.path;
      const { caller, payload } = authenticate({
        message: routed,
        mechanism,
        isS3,
        anonymous: entry.anonymous,
        resource: path,
        parameters: () => parametersOf(routed.query),
        body: buffered,
      });
      const request: ServiceRequest = {
        method: routed.method,
        path,
        query: routed.query,
        headers: routed.headers,
        body: message,
        buffered,
        caller,
        requestId,
        endpoint: `http://${routed.headers.host}`,
        remoteAddress: message.socket.remoteAddress ?? "",
        payload,
      };
      passage.giveLeave();
      const service = services.loaded(entry.name);
      const handled =
        service === undefined
          ? services.get(entry.name).then((loaded) => loaded.handle(request, response))
          : service.handle(request, response);
      handled.catch((error: unknown) => fail(passage, entry, requestId, error));
    } catch (error) {
      fail(passage, entry, requestId, error);
    }
  }

  async function passBuffered(passage: Passage, entry: ServiceEntry): Promise<void> {
    try {
      pass(passage, entry, await readWhole(passage, MAX_BUFFERED_BODY_BYTES));
    } catch (error) {
      fail(passage, entry, newRequestId(false), error);
    }
  }

  async function passForm(passage: Passage): Promise<void> {
    const s3 = services.index.byName("s3") ?? serviceEntry("s3", {});
    try {
      const form = await readWhole(passage, MAX_FORM_BYTES);
      pass(passage, routeOfForm(form, services.index) ?? s3, form);
    } catch (error) {
      fail(passage, s3, newRequestId(true), error);
    }
  }

  /** A body that hardly moves: its sender is told, and the connection ends. */
  function giveUp(passage: Passage, entry: ServiceEntry | undefined, waitsForLeave: boolean): void {
    const { message, response } = passage;
    // Nobody has told it to send; it is the service that takes its time.
    if (waitsForLeave) return;
    if (response.headersSent) {
      message.socket.destroy();
      return;
    }
    const addressed = entry ?? services.index.byName("s3") ?? serviceEntry("s3", {});
    response.shouldKeepAlive = false;
    fail(passage, addressed, newRequestId(addressed.name === "s3"), tooSlow(addressed.name === "s3"));
  }

  function fail({ response, routed }: Passage, entry: ServiceEntry, requestId: string, error: unknown): void {
    const protocol = protocolOf(routed.headers, routed.query, entry.protocol);
    const known = error instanceof AuthRefusal ? error.inProtocol(protocol) : error;
    const wire = known instanceof AwsError ? known : internalError(log, known);
    sendWireError(response, protocol, wire, requestId);
  }

  /** The service exists on AWS and not here: say so by name, and once in the log. */
  function refuseUnknown(passage: Passage, entry: ServiceEntry, buffered: Buffer | undefined, requestId: string): void {
    const { routed } = passage;
    const operation = operationOf(routed, buffered);
    const text = `The service "${entry.name}" (operation ${operation}) is not emulated by lambda-run; see ${FIDELITY_PAGE}.`;
    const protocol = protocolOf(routed.headers, routed.query, entry.protocol);
    const name = `${entry.name}.${operation}`;
    if (!announced.has(name)) {
      announced.add(name);
      log.warn({ service: entry.name, operation }, text);
    }
    const code = protocol === "query" ? "InvalidAction" : "UnknownOperationException";
    const statusCode = protocol === "rest-json" ? 404 : 400;
    const error = new AwsError(protocol === "rest-xml" ? "NotImplemented" : code, text, {
      statusCode: protocol === "rest-xml" ? 501 : statusCode,
    });
    sendWireError(passage.response, protocol, error, requestId);
  }

  function health(path: string): object {
    const version = options.version ?? "";
    const status = services.status();
    if (path === "/_localstack/health") return { services: status, edition: "lambda-run", version };
    return { status: "ok", version, realm: options.realm, services: status };
  }

  return frontDoor;
}

/** Without a length and without chunks there is none (RFC 9112 6.3). */
function announcesBody({ headers }: IncomingMessage): boolean {
  return headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
}

function splitUrl(url: string): { readonly path: string; readonly query: string } {
  // Clients behind a proxy send the whole URL.
  const local = url.startsWith("/") ? url : url.replace(/^[a-z]+:\/\/[^/?]*/i, "");
  const mark = local.indexOf("?");
  const path = mark === -1 ? local : local.slice(0, mark);
  return { path: path.startsWith("/") ? path : `/${path}`, query: mark === -1 ? "" : local.slice(mark + 1) };
}

function pathStyle(path: string, host: HostReading): string {
  return host.bucket === undefined ? path : `/${host.bucket}${path}`;
}

function isForeign(request: RoutedRequest, entry: ServiceEntry, allowed: ReadonlySet<string>): boolean {
  const { origin } = request.headers;
  const foreign =
    origin === undefined ? request.headers["sec-fetch-site"] === "cross-site" : !isLocalOrigin(origin, allowed);
  if (!foreign || !entry.answersBrowsers) return foreign;
  return entry.name === "s3" && request.method === "POST";
}

/** The whole body, for those requests that cannot be judged without it. */
function readWhole({ message, giveLeave }: Passage, maxBytes: number): Promise<Buffer> {
  if (Number(message.headers["content-length"] ?? 0) > maxBytes) return Promise.reject(tooLarge(maxBytes));
  giveLeave();
  return collect(message, maxBytes);
}

/**
 * After the answer: a body that nobody wanted still stands in the connection. A short rest is read away, so that the
 * connection can be used again; after a long one, or when the client never got leave to send, it ends.
 */
function drain(message: IncomingMessage, waitsForLeave: boolean): void {
  if (message.complete) return;
  if (waitsForLeave) {
    message.socket.destroySoon();
    return;
  }
  let drained = 0;
  message.on("data", (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > MAX_DRAINED_BYTES) message.socket.destroy();
  });
  message.resume();
}

function refusePlainly(response: ServerResponse, statusCode: number, text: string): void {
  response.writeHead(statusCode, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}

function sendJson(response: ServerResponse, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": bytes.length });
  response.end(bytes);
}

/** AWS request ids: S3 has sixteen upper-case digits, the others have a UUID. */
function newRequestId(isS3: boolean): string {
  const uuid = randomUUID();
  return isS3 ? (uuid.slice(0, 8) + uuid.slice(-8)).toUpperCase() : uuid;
}
