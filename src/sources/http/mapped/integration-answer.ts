/** What came of calling whatever is behind an integration. */
import { HttpCallError } from "../../../services/kit/http-call.js";
import { messageOf } from "../../../shared/errors.js";
import type { Crossing } from "../crossing.js";
import type { HeaderLine, HttpAnswer } from "../message.js";
import type { RefusalName } from "../refusals.js";

export interface IntegrationAnswer {
  /** What patterns of integration responses are held against: a status, or the error message of a function. */
  readonly subject: string;
  readonly statusCode: number;
  readonly headers: readonly HeaderLine[];
  readonly body: Buffer;
}

/** Calls another server and notes for the access log how it went. */
export async function called(
  { door, passage, routeKey, target }: Crossing,
  call: () => Promise<HttpAnswer>,
): Promise<IntegrationAnswer | RefusalName> {
  const startedAt = performance.now();
  try {
    const answer = await call();
    passage.integrationServiceStatus = answer.statusCode;
    passage.integrationStatus = answer.statusCode;
    return {
      subject: String(answer.statusCode),
      statusCode: answer.statusCode,
      headers: answer.headers,
      body: answer.body,
    };
  } catch (error) {
    if (!(error instanceof HttpCallError)) throw error;
    const name = error.kind === "timeout" ? "timeout" : error.kind === "connection" ? "no-connection" : "misconfigured";
    passage.integrationError = FAULTS[name];
    door.log.warn({ api: target.api.name, route: routeKey, reason: messageOf(error) }, FAULTS[name]);
    return name;
  } finally {
    passage.integrationLatencyMs = Math.round(performance.now() - startedAt);
  }
}

const FAULTS = {
  timeout: "Execution failed due to a timeout error",
  "no-connection": "Execution failed due to a network error communicating with endpoint",
  misconfigured: "Execution failed due to configuration error: Invalid endpoint address",
} as const;
