/**
 * # API Gateway and function URLs
 *
 * Mimics: HTTP APIs (payload formats 1.0 and 2.0), REST APIs, function URLs, with their authorizers, CORS, throttling and
 * usage plans. Integrations: functions as proxies; of REST APIs those with mappings (functions, services by action and path,
 * HTTP, HTTP_PROXY, MOCK), with templates in VTL; of HTTP APIs services by subtype and HTTP_PROXY, with mapped parameters.
 * Sources: developer guides of 2021 to 2026, recordings on AWS up to November 2024 for REST and November 2025 for function URLs.
 *
 * Gaps:
 * - Integrations by VPC links, with services that are not embedded, with `action/` of S3, Lambda and Scheduler, and
 *   AppConfig-GetConfiguration: they are named when the stack starts, and their routes answer 501 by name
 * - Events that a template made are `direct` in the history: nothing in them says where they came from
 * - Templates: #parse, #include and #evaluate fail, and so does `#name(...)` that is no macro; #stop, `#{if}` and `#{end}`
 *   are text; a bracket right behind a reference with arguments and doubled quotes in a text cannot be read; whole numbers are
 *   integers (`5.0 / 2` is 2), and numbers JavaScript's (of integers beyond 2^53 the last digits are lost); patterns are
 *   JavaScript's but for flags at their beginning; of Java's methods those of texts, lists, maps and numbers that templates use
 * - Templates of gateway responses are filled in from $context and $stageVariables alone (AWS: method.request, too)
 * - `Region` of service integrations is not looked at, nor are credentials of integrations; TLS of servers is always verified
 * - What mappings name and a method does not declare is mapped all the same; method responses, and headers that AWS reserves, are
 *   not looked at
 * - Caching, canaries, custom domains, private APIs, mutual TLS, WAF: as if they were not declared
 * - `$context.error.validationErrorString` is in other words than AWS's for `oneOf`, `anyOf`, `not`, `dependencies` and
 *   `multipleOf`, and empty where the body is no JSON; a model that is no JSON schema of draft 4 checks nothing, which is told
 * - The management APIs (`apigateway`, `apigatewayv2`) are answered with an error by name
 * - A streamed answer of a REST API is not slowed down to 2 MBps after 10 MB, and has no idle timeout
 *
 * By design:
 * - One port for all: `ID.execute-api.localhost`, `ID.lambda-url.localhost`, or `/_aws/execute-api/ID` and
 *   `/_aws/lambda-url/ID` on the bare address; a request to the bare address alone goes to the API that has a route for it
 * - A SAM event of an API whose document does not name its path is a route, told when the stack starts; AWS has none
 * - The stage may be left out of the path when an API has only one
 * - Plain HTTP; functions are told `https` and port 443, and the domain name that AWS would give
 * - Resource policies, and the permission that lets API Gateway invoke, are not evaluated
 * - A page of a foreign site is refused with 403 where neither a CORS configuration nor a route for OPTIONS speaks for it
 * - Keys of JWT issuers are looked at again as soon as a token names one that is not known (AWS may take two hours)
 * - Access logs go to log groups; those for Firehose are refused by name when the stack starts
 * - A template ends after 1,000 rounds of a loop, as on AWS; after a million steps, five seconds, 10 MB of text or 20 calls
 *   within each other its route answers 500, and says so
 * - Integration timeouts run in real time, throttling and quotas by the stack's clock
 *
 * Client quirks:
 * - HTTP APIs and function URLs hand on forms (`application/x-www-form-urlencoded`) in base64, as AWS does
 *
 * Unverified:
 * - What templates show of what is not there (nothing); that an empty text is false in #if, as in Velocity 2; that names of
 *   headers are found in any spelling by $input.params
 * - Which response template is taken where the client's type has none (that of JSON, then the first); an answer without a template is
 *   `application/json`
 * - What Lambda refuses (an event that is no JSON) goes through the default response
 * - What an HTTP API answers without a connection (503), and where a required parameter of a service is missing (400);
 *   that `Data` of Kinesis-PutRecord is base64
 * - The type of an answer in format 1.0 of HTTP APIs that names none (here `application/json`)
 * - Texts of HTTP APIs' own errors, and of throttled function URLs; `error_description` of tokens that are refused for
 *   another reason than their audience or keys that cannot be had
 * - Which headers of function URLs are remapped beside `WWW-Authenticate` (here those of REST APIs)
 * - An OPTIONS request without `Access-Control-Request-Method` that no route of an HTTP API with CORS takes (here 204)
 * - A REST API's authorizer that takes longer than 29 s, a packed request that cannot be unpacked (here 500 and 400)
 * - A handler that does not stream behind a URL that does: its result is read as by any other URL
 * - What a REST API answers for a stream without a prelude (502); that it takes `application/json` for an answer's type
 * - `rawPath` of HTTP APIs is decoded, that of function URLs is not
 * - What a status below 200 or above 599 gives (here a malformed answer, and the status)
 * - Status 200 of a function URL's preflight answer; what a wrong `body` type gives, and what function URLs do with a header
 *   that is a list (here it is left out)
 * - What a name under `lambda-url` that is nobody's gets: second hand (403)
 * - What is hashed of an Authorization header that is no signature: its whole value here
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isLocalOrigin } from "../../services/kit/virtual-host.js";
import type { KnownUrl } from "../../services/lambda/index.js";
import { accessLine } from "./access-log.js";
import { passApi } from "./api-door.js";
import { apisOf } from "./api-model.js";
import { allowsOrigin } from "./cors.js";
import type { DoorContext, DoorOptions } from "./door-context.js";
import type { HttpHandler } from "./handler.js";
import { createHostCheck } from "./host-check.js";
import { jsonAnswer, MAX_PAYLOAD_BYTES, type HttpAnswer, type HttpRequest } from "./message.js";
import { perApplication } from "./per-application.js";
import { requestOf } from "./read-request.js";
import { untargetedNotice } from "./refusal-notice.js";
import { oversized, refusal } from "./refusals.js";
import { send } from "./send.js";
import { namedTarget, targetOf, type ApiTarget, type UrlTarget } from "./target.js";
import { corsOfUrl, passUrl } from "./url-door.js";

export interface HttpDoorsOptions extends DoorOptions {
  readonly urls: () => readonly KnownUrl[];
  /** Names by which clients may call, besides addresses and those under `localhost`. */
  readonly hosts?: readonly string[];
  /** A line of an API's access log. */
  readonly onAccess?: (destinationArn: string, line: string) => void;
  /** Where the template has WebSocket APIs. */
  readonly webSockets?: WebSocketRequests | undefined;
}

/** What WebSocket APIs make of requests that do not open a connection. */
export interface WebSocketRequests {
  /** Undefined where it is none of the management API's. */
  manage(request: HttpRequest): HttpAnswer | undefined;
  /** Undefined where it names no WebSocket API. */
  refuse(request: HttpRequest): HttpAnswer | undefined;
}

/** The doors, without a port. */
export function createHttpDoors(options: HttpDoorsOptions, door: DoorContext): HttpHandler {
  const { application, clock, log, notice = () => undefined, webSockets } = options;
  const hostFault = createHostCheck(options.hosts ?? []);
  const apis = perApplication(application, apisOf);

  async function pass(message: IncomingMessage, response: ServerResponse, buffered: Buffer | undefined): Promise<void> {
    const fault = hostFault(message);
    if (fault !== undefined) return send(response, fault);
    const body = buffered ?? (await readBody(message));
    const request = requestOf(message, body ?? Buffer.alloc(0), clock);
    const managed = body === undefined ? undefined : webSockets?.manage(request);
    if (managed !== undefined) return send(response, managed);
    const target = targetOf(request, apis(), options.urls);
    if (target === undefined) {
      const answer = webSockets?.refuse(request) ?? noTarget(request);
      notice(untargetedNotice(request, answer.statusCode));
      return send(response, answer);
    }
    if (body === undefined) {
      response.shouldKeepAlive = false;
      return send(response, oversized(target.kind === "url" ? "url" : target.api.kind));
    }
    if (isForeign(message, target))
      return send(
        response,
        jsonAnswer(403, {
          message: "Requests from the pages of other sites are refused. A CORS configuration of the API allows them.",
        }),
      );
    if (target.kind === "url") {
      const answer = await passUrl(target, door, response);
      if (answer !== undefined) send(response, answer);
      return;
    }
    const { answer, logContext } = await passApi(target, door, response);
    if (answer !== undefined) send(response, answer);
    const { accessLog } = target.api;
    if (accessLog !== undefined)
      options.onAccess?.(accessLog.destinationArn, accessLine(accessLog.format, logContext()));
  }

  return (message, response, buffered) => {
    pass(message, response, buffered).catch((error: unknown) => {
      // The client went away in the middle: there is nobody to tell.
      if (message.destroyed && !message.complete) return;
      log.error({ err: error }, "a request to the HTTP port failed");
      send(response, jsonAnswer(500, { message: "Internal Server Error" }));
    });
  };
}

/** Undefined when it is larger than an API takes: what is left is not read. */
function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(message.headers["content-length"] ?? 0) > MAX_PAYLOAD_BYTES) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_PAYLOAD_BYTES) resolve(undefined);
      else chunks.push(chunk);
    });
    message.on("end", () => resolve(Buffer.concat(chunks, size)));
    message.on("error", reject);
    // Told for those that came to their end, too; an error with its stack is dear.
    message.on("close", () => {
      if (!message.complete) reject(new Error("the client went away"));
    });
  });
}

/** What AWS answers under the names of APIs and URLs that are not there. */
function noTarget(request: HttpRequest): HttpAnswer {
  switch (namedTarget(request)?.kind) {
    case undefined:
      return refusal("http", "no-route");
    case "lambda-url":
      return refusal("url", "no-route");
    case "execute-api":
      return refusal("rest", "forbidden");
  }
}

const NO_ORIGINS: ReadonlySet<string> = new Set();

/**
 * A page of another site in the developer's browser must not run functions that nobody opened to it. Where the API or
 * the function speaks for itself on cross-origin requests, AWS's rules decide, and the browser holds the page to them.
 */
function isForeign(message: IncomingMessage, target: ApiTarget | UrlTarget): boolean {
  const { origin } = message.headers;
  if (origin === undefined ? message.headers["sec-fetch-site"] !== "cross-site" : isLocalOrigin(origin, NO_ORIGINS))
    return false;
  if (target.kind === "url") {
    const cors = corsOfUrl(target.url);
    return cors !== undefined && origin !== undefined
      ? !allowsOrigin(cors, origin) && message.method !== "OPTIONS"
      : true;
  }
  const { api, request } = target;
  if (api.cors !== undefined) return false;
  return !api.routes.methodsAt(request.path).some((method) => method === "ANY" || method === "OPTIONS");
}
