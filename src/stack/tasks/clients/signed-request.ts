/** One signed request to a service whose SDK client lambda-run does not carry, and its answer in JSON. */
import type { JsonObject } from "../../../config/json.js";
import { realClock } from "../../../shared/clock.js";
import type { ServiceAddress } from "../../backends/endpoints.js";
import { asText, ServiceFault, type HttpAnswer } from "../service-call.js";
import { signed, type Unsigned } from "./sign.js";

export interface JsonAnswer {
  readonly members: JsonObject;
  readonly http: HttpAnswer;
}

/** Rejects with ServiceFault for an answer that is an error; the codes in `unmodeled` are no errors of the API's own. */
export async function sendSigned(
  request: Omit<Unsigned, "region">,
  { region, credentials }: ServiceAddress,
  unmodeled: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<JsonAnswer> {
  const { method, url, body } = request;
  const keys = typeof credentials === "function" ? await credentials() : credentials;
  // The time of day: another server knows nothing of this stack's clock.
  const headers = signed({ region, ...request }, keys, realClock.now());
  const response = await fetch(url, { method, headers, signal, ...(body === "" ? {} : { body }) });
  const members = (JSON.parse((await response.text()) || "{}") ?? {}) as JsonObject;
  const requestId = response.headers.get("x-amzn-requestid") ?? "";
  if (!response.ok) throw faultOf(members, response, requestId, unmodeled);
  return { members, http: { statusCode: response.status, headers: Object.fromEntries(response.headers), requestId } };
}

/** JSON 1.0 and 1.1 name the error in the body, with a namespace; REST in a header, with what follows a colon. */
function faultOf(
  members: JsonObject,
  { headers, status }: Response,
  requestId: string,
  unmodeled: ReadonlySet<string>,
): ServiceFault {
  const type = asText(members["__type"] ?? headers.get("x-amzn-errortype") ?? "UnknownError");
  const code = type.slice(type.lastIndexOf("#") + 1).replace(/:.*/, "");
  const message = members["message"] ?? members["Message"];
  return new ServiceFault({
    code,
    shape: unmodeled.has(code) ? undefined : code,
    message: message === undefined || message === null ? undefined : asText(message),
    statusCode: status,
    requestId,
  });
}
