/** What all business functions behind the API have in common: a route is chosen, its failure becomes an answer, all is measured. */
import type { Context } from "aws-lambda";
import { Budget } from "./budget.js";
import { messageOf, RequestError } from "./errors.js";
import { reportError } from "./error-report.js";
import { httpAnswer, readRequest, type HttpAnswer, type HttpRequest } from "./http.js";
import type { Fields } from "./json.js";
import { count, emitMetrics, milliseconds } from "./metrics.js";

export interface Call {
  readonly request: HttpRequest;
  readonly budget: Budget;
  readonly requestId: string;
}

/** The members of a successful answer, without `success`. */
export type Route = (call: Call) => Promise<Fields>;

/** Routes by method and resource as the template writes them: `GET /files/{key+}`. `direct` serves events without a method. */
export function businessFunction(
  routes: Readonly<Record<string, Route>>,
  direct?: Route,
): (event: unknown, context: Context) => Promise<HttpAnswer> {
  return async (event, context) => {
    const startedAtMs = performance.now();
    const requestId = context.awsRequestId;
    let origin: string | undefined;
    let answer: HttpAnswer;
    try {
      const request = readRequest(event);
      origin = request.origin;
      const budget = Budget.ofRequest(context.getRemainingTimeInMillis());
      const body = await routeFor(request, routes, direct)({ request, budget, requestId });
      answer = httpAnswer(200, { success: true, ...body }, origin);
    } catch (error) {
      answer = await failure(error, requestId, origin);
    }
    emitMetrics(
      { Function: context.functionName },
      {
        RequestMs: milliseconds(performance.now() - startedAtMs),
        ServerErrors: count(answer.statusCode >= 500 ? 1 : 0),
        ClientErrors: count(answer.statusCode >= 400 && answer.statusCode < 500 ? 1 : 0),
      },
      { request_id: requestId, status: answer.statusCode },
    );
    return answer;
  };
}

function routeFor(
  { method, resource }: HttpRequest,
  routes: Readonly<Record<string, Route>>,
  direct: Route | undefined,
): Route {
  if (method === undefined && direct !== undefined) return direct;
  const route = routes[`${method ?? ""} ${resource}`];
  if (route !== undefined) return route;
  throw new RequestError(404, "NotFound", `there is no ${method ?? "route"} ${resource}`);
}

async function failure(error: unknown, requestId: string, origin: string | undefined): Promise<HttpAnswer> {
  const told =
    error instanceof RequestError
      ? error
      : new RequestError(500, "InternalError", "the request could not be carried out; the log says why");
  // What the client did wrong is the client's to know.
  if (told.statusCode >= 500 || told.statusCode === 413) await reportError(error, requestId);
  return httpAnswer(
    told.statusCode,
    {
      success: false,
      error: messageOf(told),
      error_type: told.errorType,
      request_id: requestId,
      timestamp: new Date().toISOString(),
      ...told.details,
    },
    origin,
  );
}
