/** The function behind a route: event -> invocation -> what the gateway makes of the result. */
import type { ServerResponse } from "node:http";
import type { InvokeAnswer, InvokeRequest } from "../../runtime/types.js";
import type { Admitted } from "./admission.js";
import type { Crossing } from "./crossing.js";
import { eventV1, traceRoot } from "./event-v1.js";
import { eventV2 } from "./event-v2.js";
import { headerOf, type HttpAnswer } from "./message.js";
import type { Passage } from "./passage.js";
import type { RefusalName } from "./refusals.js";
import { answerFromV1, streamHeadFromV1 } from "./result-v1.js";
import { answerFromV2 } from "./result-v2.js";
import { functionBehind, runFunction, tellOfFault, type RoutePlace } from "./run-function.js";
import { StreamedAnswer } from "./streamed-answer.js";
import { apiIdLines, type ApiTarget } from "./target.js";

export async function integrate(
  crossing: Crossing,
  admitted: Admitted,
  response: ServerResponse,
): Promise<HttpAnswer | StreamedAnswer> {
  const { door, passage, refuse, route, target } = crossing;
  const fn = functionBehind(door, route.target, placeOf(crossing), passage);
  if (fn === undefined) return refuse("no-function");
  const stream = route.streams ? streamFor(target, response) : undefined;
  const request: InvokeRequest = {
    payload: Buffer.from(JSON.stringify(eventOf(crossing, admitted))),
    traceHeader: traceRoot(target.request),
    qualifier: route.target?.qualifier,
    onStream: stream && ((head) => stream.open(head)),
  };
  const result = await runFunction(door, fn, request, route.timeoutMs, passage);
  if (stream !== undefined) return endOfStream(stream, result, refuse);
  return typeof result === "string" ? refuse(result) : answerFrom(crossing, result);
}

export const placeOf = ({ routeKey, target: { api, stage } }: Crossing): RoutePlace => ({
  api: api.name,
  stage,
  route: routeKey,
});

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
export function flatAuthorizer(authorizer: Passage["authorizer"]): Passage["authorizer"] {
  if (authorizer === undefined) return undefined;
  const { jwt, lambda, iam: _iam, ...own } = authorizer as Readonly<Record<string, object | undefined>>;
  const flat = { ...own, ...lambda, ...jwt };
  return Object.keys(flat).length === 0 ? undefined : flat;
}

/** What the result says, or the refusal that takes its place, with the reason in the log. */
function answerFrom(crossing: Crossing, result: InvokeAnswer): HttpAnswer {
  const { door, passage, refuse, route, target } = crossing;
  if (result.functionError !== undefined) return refuse("function-failed");
  const { api, request } = target;
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
  tellOfFault(door, answer, placeOf(crossing), passage);
  return refuse(answer ?? "function-failed");
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
