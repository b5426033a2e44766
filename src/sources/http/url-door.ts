/**
 * One request through a function URL, whole or streamed.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
import type { ServerResponse } from "node:http";
import type { ApiCors } from "../../config/event-source.js";
import { shownName } from "../../config/shown-name.js";
import { Throttled } from "../../runtime/limits/concurrency.js";
import { RequestTooLarge } from "../../runtime/limits/payload.js";
import type { InvokeAnswer } from "../../runtime/types.js";
import type { KnownUrl } from "../../services/lambda/index.js";
import { iamView } from "./auth/pass-guard.js";
import { isPreflight, preflightAnswer, withCors } from "./cors.js";
import type { DoorContext } from "./door-context.js";
import { traceRoot } from "./event-v1.js";
import { eventV2 } from "./event-v2.js";
import { headerOf, type HeaderLine, type HttpAnswer, type HttpRequest } from "./message.js";
import { unsignedNotice } from "./refusal-notice.js";
import { refusal, type RefusalDetail, type RefusalName } from "./refusals.js";
import { answerFromV2, headOf } from "./result-v2.js";
import { statusOf } from "./result-v1.js";
import { StreamedAnswer } from "./streamed-answer.js";
import type { UrlTarget } from "./target.js";

const NO_BODY = Buffer.alloc(0);

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
  const refuse = (name: RefusalName, detail?: RefusalDetail): HttpAnswer => finish(refusal("url", name, detail));
  if (cors !== undefined && isPreflight(request)) {
    const preflight = preflightAnswer(cors, request, 200);
    return { ...preflight, headers: [...preflight.headers, ...idLines(request)] };
  }
  let authorizer: Readonly<Record<string, unknown>> | undefined;
  if (url.url.authType === "AWS_IAM") {
    const { caller, fault } = door.iam(request, target.signedPath);
    // Without what should have been signed: function URLs do not show it.
    if (caller === undefined) {
      door.notice(unsignedNotice(request, fault));
      return refuse("forbidden", fault && { ...fault, message: fault.message?.split("\n")[0] ?? "" });
    }
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
      ? new StreamedAnswer({
          response,
          bare: (contentType) => finish({ statusCode: 200, headers: [["content-type", contentType]], body: NO_BODY }),
          read: (prelude) => {
            const statusCode = statusOf(prelude["statusCode"]);
            const headers = headOf(prelude);
            return statusCode === undefined || headers === undefined
              ? undefined
              : finish({ statusCode, headers, body: NO_BODY });
          },
        })
      : undefined;
  let result: InvokeAnswer;
  try {
    result = await door.invoke(fn, {
      payload: Buffer.from(JSON.stringify(event)),
      traceHeader: traceRoot(request),
      qualifier: url.qualifier,
      onStream: stream && ((head) => stream.open(head)),
    });
  } catch (error) {
    if (error instanceof RequestTooLarge) return refuse("too-large");
    if (error instanceof Throttled) return refuse("throttled-function", { type: error.reason });
    door.log.error({ function: fn.name, err: error }, "a function behind a URL could not be run");
    return refuse("function-failed");
  }
  if (stream?.opened === true) {
    stream.finish();
    return stream.statusCode === undefined ? refuse("function-failed") : undefined;
  }
  if (result.functionError !== undefined) return refuse("function-failed");
  const answer = answerFromV2(result.payload, "url");
  if (answer !== undefined) return finish(answer);
  door.notice(
    `${shownName(fn)}: its URL answers 502, as statusCode, headers, cookies or body of the result is of a wrong kind`,
  );
  return refuse("function-failed");
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
