/**
 * One request through a function URL, whole or streamed.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
import type { ServerResponse } from "node:http";
import type { ApiCors } from "../../config/event-source.js";
import { Throttled } from "../../runtime/limits/concurrency.js";
import { RequestTooLarge } from "../../runtime/limits/payload.js";
import type { InvokeResult, ResponseStreamHead, ResponseStreamSink } from "../../runtime/types.js";
import type { KnownUrl } from "../../services/lambda/index.js";
import { iamView } from "./api-door.js";
import { isPreflight, preflightAnswer, withCors } from "./cors.js";
import type { DoorContext } from "./door-context.js";
import { traceRoot } from "./event-v1.js";
import { eventV2 } from "./event-v2.js";
import { headerOf, type HeaderLine, type HttpAnswer, type HttpRequest } from "./message.js";
import { refusal, type RefusalName } from "./refusals.js";
import { answerFromV2, headOf } from "./result-v2.js";
import { objectIn, statusOf } from "./result-v1.js";
import { writeHead } from "./send.js";
import type { UrlTarget } from "./target.js";

const INTEGRATION_TYPE = "application/vnd.awslambda.http-integration-response";
/** Between the prelude of a streamed response and its body. */
const PRELUDE_END = Buffer.alloc(8);
const MAX_PRELUDE_BYTES = 64 * 1024;

/** Undefined when the answer went out as a stream. */
export async function passUrl(
  target: UrlTarget,
  door: DoorContext,
  response: ServerResponse,
): Promise<HttpAnswer | undefined> {
  const { request, url } = target;
  const cors = corsOfUrl(url);
  const finish = ({ statusCode, headers, body }: HttpAnswer): HttpAnswer => ({
    statusCode,
    body,
    headers: [...withCors(headers, cors, headerOf(request, "origin")), ...idLines(request)],
  });
  const refuse = (name: RefusalName): HttpAnswer => finish(refusal("url", name));
  if (cors !== undefined && isPreflight(request)) {
    const preflight = preflightAnswer(cors, request, 200);
    return { ...preflight, headers: [...preflight.headers, ...idLines(request)] };
  }
  let authorizer: Readonly<Record<string, unknown>> | undefined;
  if (url.url.authType === "AWS_IAM") {
    const caller = door.iam(request, target.signedPath);
    if (caller === undefined) return refuse("forbidden");
    authorizer = { iam: iamView(caller) };
  }
  const fn = door.resolve(url.functionName, url.qualifier);
  if (fn === undefined) return refuse("forbidden");
  const host = headerOf(request, "host")?.replace(/:\d+$/, "") ?? "";
  const domainName = host.startsWith(`${url.url.urlId}.`)
    ? host
    : `${url.url.urlId}.lambda-url.${door.realm.region}.on.aws`;
  const api = {
    accountId: door.realm.accountId,
    apiId: url.url.urlId,
    domainName,
    stage: "$default",
    stageVariables: {},
  };
  const event = eventV2({ request, api, routeKey: "$default", parameters: {}, authorizer, functionUrl: true });
  const stream =
    url.url.invokeMode === "RESPONSE_STREAM"
      ? new StreamedAnswer(response, (headers) => finish({ statusCode: 200, headers, body: Buffer.alloc(0) }).headers)
      : undefined;
  let result: InvokeResult;
  try {
    result = await door.invoke(fn, {
      payload: Buffer.from(JSON.stringify(event)),
      traceHeader: traceRoot(request),
      ...(url.qualifier === undefined ? {} : { qualifier: url.qualifier }),
      ...(stream === undefined ? {} : { onStream: (head: ResponseStreamHead) => stream.open(head) }),
    });
  } catch (error) {
    if (error instanceof RequestTooLarge) return refuse("too-large");
    if (error instanceof Throttled) return refuse("throttled-function");
    door.log.error({ function: fn.name, err: error }, "a function behind a URL could not be run");
    return refuse("function-failed");
  }
  if (stream?.opened === true) {
    stream.finish();
    return stream.headSent ? undefined : refuse("function-failed");
  }
  if (result.functionError !== undefined) return refuse("function-failed");
  const answer = answerFromV2(result.payload, "url");
  return answer === undefined ? refuse("function-failed") : finish(answer);
}

/** Turns what a streaming handler writes into an HTTP response: prelude to head, the rest as it comes. */
class StreamedAnswer implements ResponseStreamSink {
  opened = false;
  readonly #response: ServerResponse;
  readonly #finishHeaders: (headers: readonly HeaderLine[]) => readonly HeaderLine[];
  #prelude: Buffer | undefined;
  #failed = false;

  constructor(response: ServerResponse, finishHeaders: (headers: readonly HeaderLine[]) => readonly HeaderLine[]) {
    this.#response = response;
    this.#finishHeaders = finishHeaders;
  }

  get headSent(): boolean {
    return this.#response.headersSent;
  }

  open({ contentType }: ResponseStreamHead): ResponseStreamSink {
    this.opened = true;
    if (contentType === INTEGRATION_TYPE) this.#prelude = Buffer.alloc(0);
    else this.#head(200, [["content-type", contentType]]);
    return this;
  }

  write(chunk: Buffer): void | Promise<void> {
    if (this.#failed || this.#response.destroyed) return undefined;
    if (this.#prelude === undefined) return this.#send(chunk);
    this.#prelude = Buffer.concat([this.#prelude, chunk]);
    const end = this.#prelude.indexOf(PRELUDE_END);
    if (end === -1) {
      if (this.#prelude.length > MAX_PRELUDE_BYTES) this.#failed = true;
      return undefined;
    }
    const prelude = objectIn(this.#prelude.subarray(0, end));
    const rest = this.#prelude.subarray(end + PRELUDE_END.length);
    this.#prelude = undefined;
    const statusCode = prelude === undefined ? undefined : statusOf(prelude["statusCode"]);
    const headers = prelude === undefined ? undefined : headOf(prelude);
    if (statusCode === undefined || headers === undefined) {
      this.#failed = true;
      return undefined;
    }
    this.#head(statusCode, headers);
    return rest.length === 0 ? undefined : this.#send(rest);
  }

  /** An error after the first byte can only cut the connection: the client must not take the rest for the whole. */
  end(error?: { readonly errorType: string }): void {
    if (error === undefined) return;
    this.#failed = true;
    if (this.headSent) this.#response.destroy();
  }

  finish(): void {
    if (this.headSent && !this.#response.destroyed) this.#response.end();
  }

  #head(statusCode: number, headers: readonly HeaderLine[]): void {
    writeHead(this.#response, statusCode, this.#finishHeaders(headers));
  }

  /** Waits when the client reads slower than the handler writes. */
  #send(chunk: Buffer): void | Promise<void> {
    const response = this.#response;
    if (response.write(chunk)) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        response.off("drain", done);
        response.off("close", done);
        resolve();
      };
      response.once("drain", done);
      response.once("close", done);
    });
  }
}

function idLines(request: HttpRequest): readonly HeaderLine[] {
  return [
    ["x-amzn-RequestId", request.requestId],
    ["x-amzn-trace-id", traceRoot(request)],
  ];
}

/** As the API keeps it. */
export function corsOfUrl({ url: { cors } }: KnownUrl): ApiCors | undefined {
  if (cors === undefined) return undefined;
  const list = (name: string): readonly string[] =>
    Array.isArray(cors[name]) ? (cors[name] as unknown[]).map(String) : [];
  const maxAge = cors["MaxAge"];
  return {
    allowOrigins: list("AllowOrigins"),
    allowMethods: list("AllowMethods"),
    allowHeaders: list("AllowHeaders"),
    exposeHeaders: list("ExposeHeaders"),
    allowCredentials: cors["AllowCredentials"] === true,
    maxAgeSeconds: typeof maxAge === "number" ? maxAge : undefined,
  };
}
