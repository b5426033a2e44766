/** The function behind a route: event -> invocation -> what the gateway makes of the result. */
import type { ServerResponse } from "node:http";
import type { FunctionConfig } from "../../config/function-config.js";
import { Throttled } from "../../runtime/limits/concurrency.js";
import { RequestTooLarge } from "../../runtime/limits/payload.js";
import type { InvokeAnswer, InvokeRequest } from "../../runtime/types.js";
import { realClock, type Cancel } from "../../shared/clock.js";
import type { Admitted } from "./admission.js";
import type { Crossing } from "./crossing.js";
import { eventV1, traceRoot } from "./event-v1.js";
import { eventV2 } from "./event-v2.js";
import { headerOf, type HttpAnswer } from "./message.js";
import type { Passage } from "./passage.js";
import type { RefusalName } from "./refusals.js";
import { answerFromV1, streamHeadFromV1 } from "./result-v1.js";
import { answerFromV2 } from "./result-v2.js";
import { StreamedAnswer } from "./streamed-answer.js";
import { apiIdLines, type ApiTarget } from "./target.js";

export async function integrate(
  crossing: Crossing,
  admitted: Admitted,
  response: ServerResponse,
): Promise<HttpAnswer | StreamedAnswer> {
  const { door, passage, refuse, route, routeKey, target } = crossing;
  const fn = route.target && door.functionBehind(route.target);
  if (fn === undefined) {
    // A gateway may invoke what its permission names; what is not there has none.
    passage.integrationError = "Execution failed due to configuration error: Invalid permissions on Lambda function";
    door.log.warn(
      { api: target.api.name, stage: target.stage, route: routeKey, target: route.target },
      "a route names no function that is there",
    );
    return refuse("no-function");
  }
  const stream = route.streams ? streamFor(target, response) : undefined;
  const result = await run(crossing, fn, eventOf(crossing, admitted), traceRoot(target.request), stream);
  if (stream !== undefined) return endOfStream(stream, result, refuse);
  return typeof result === "string" ? refuse(result) : answerFrom(crossing, result);
}

function eventOf({ event, parameters, passage, route, routeKey, target }: Crossing, admitted: Admitted): object {
  const { authorizer, request } = admitted;
  if (route.payload === "2.0")
    return eventV2({ request: target.request, api: event.api, routeKey, parameters, authorizer });
  return eventV1({
    ...event,
    request,
    caller: passage.caller,
    authorizer: route.payload === "1.0" ? flatAuthorizer(authorizer) : authorizer,
  });
}

/** Format 1.0 has no levels: claims and scopes, or what the authorizer function said, as they are in REST APIs. */
function flatAuthorizer(authorizer: Passage["authorizer"]): Passage["authorizer"] {
  if (authorizer === undefined) return undefined;
  const { jwt, lambda, iam: _iam, ...own } = authorizer as Readonly<Record<string, object | undefined>>;
  const flat = { ...own, ...lambda, ...jwt };
  return Object.keys(flat).length === 0 ? undefined : flat;
}

/** What the result says, or the refusal that takes its place, with the reason in the log. */
function answerFrom({ door, passage, refuse, route, routeKey, target }: Crossing, result: InvokeAnswer): HttpAnswer {
  if (result.functionError !== undefined) return refuse("function-failed");
  const { api, request, stage } = target;
  const answer =
    route.payload === "2.0"
      ? answerFromV2(result.payload, "http")
      : answerFromV1(result.payload, {
          binaryMediaTypes: api.binaryMediaTypes,
          accept: headerOf(request, "accept"),
          alwaysDecode: api.kind === "http",
        });
  if (typeof answer === "object") {
    passage.integrationStatus = answer.statusCode;
    return answer;
  }
  const fault = answer === "no-base64" ? "Unable to base64 decode the body." : "Malformed Lambda proxy response";
  passage.integrationError = `Execution failed due to configuration error: ${fault}`;
  door.log.warn({ api: api.name, stage, route: routeKey }, passage.integrationError);
  return refuse(answer === "no-base64" ? "no-base64" : "function-failed");
}

/** The integration's own timeout: the function goes on, as on AWS, and nobody waits. */
async function run(
  { door, passage, route: { target, timeoutMs } }: Crossing,
  fn: FunctionConfig,
  event: unknown,
  traceHeader: string,
  stream: StreamedAnswer | undefined,
): Promise<InvokeAnswer | RefusalName> {
  const startedAt = performance.now();
  const request: InvokeRequest = {
    payload: Buffer.from(JSON.stringify(event)),
    traceHeader,
    qualifier: target?.qualifier,
    onStream: stream && ((head) => stream.open(head)),
  };
  const invoked = door.invoke(fn, request);
  // Real time: it guards a real process.
  let cancel: Cancel = () => undefined;
  const timeout = new Promise<"timeout">((resolve) => {
    cancel = realClock.after(timeoutMs, () => resolve("timeout"));
  });
  try {
    const result = await Promise.race([invoked, timeout]);
    if (typeof result === "string") passage.integrationError = "Execution failed due to a timeout error";
    else {
      passage.integrationServiceStatus = 200;
      passage.integrationRequestId = result.requestId;
      if (result.functionError !== undefined)
        passage.integrationError = "The Lambda function returned the following error: Unhandled";
    }
    return result;
  } catch (error) {
    if (error instanceof RequestTooLarge) {
      passage.integrationServiceStatus = 413;
      return "too-large";
    }
    if (error instanceof Throttled) {
      passage.integrationServiceStatus = 429;
      passage.integrationError = error.message;
      return "throttled-function";
    }
    passage.integrationServiceStatus = 500;
    door.log.error({ function: fn.name, err: error }, "a function behind an API could not be run");
    return "function-failed";
  } finally {
    passage.integrationLatencyMs = Math.round(performance.now() - startedAt);
    cancel();
    invoked.catch(() => undefined);
  }
}

/** A stream through a REST API always begins with a prelude. */
function streamFor(target: ApiTarget, response: ServerResponse): StreamedAnswer {
  return new StreamedAnswer({
    response,
    read: (prelude) => {
      const head = streamHeadFromV1(prelude);
      return head && { ...head, headers: [...head.headers, ...apiIdLines(target)] };
    },
  });
}

/** What went out has gone out; a function that failed before that, or wrote no prelude, is refused as any other. */
function endOfStream(
  stream: StreamedAnswer,
  result: InvokeAnswer | RefusalName,
  refuse: (name: RefusalName) => HttpAnswer,
): HttpAnswer | StreamedAnswer {
  if (typeof result !== "string" && !stream.opened && result.functionError === undefined) {
    // A handler that does not stream gives its answer in one piece.
    stream.open({ contentType: "application/octet-stream" });
    void stream.write(result.payload);
  }
  if (stream.statusCode === undefined) {
    stream.cut();
    return refuse(typeof result === "string" ? result : "function-failed");
  }
  if (typeof result === "string") stream.cut();
  else stream.finish();
  return stream;
}
