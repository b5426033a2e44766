/**
 * Hands an input to an API destination: what the destination, the target and the connection say makes the request, and the
 * answer says whether it is tried again.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
 */
import type { ApiDestination } from "../../services/events/admin.js";
import { ConnectionError, type ConnectionAccess } from "../../services/events/connections/access.js";
import { AwsError } from "../../services/kit/aws-error.js";
import { HttpCallError, type HttpAnswer, type HttpCall, type NameAndValue } from "../../services/kit/http-call.js";
import { jsonObjectIn } from "../../services/kit/json-input.js";
import { WITHHELD_HEADERS } from "../../services/kit/withheld-headers.js";
import type { Clock } from "../../shared/clock.js";
import { DestinationError } from "./destination-error.js";
import type { TargetHttpParameters } from "./http-parameters.js";

export interface DestinationServices {
  readonly clock: Clock;
  readonly find: (arn: string) => Promise<ApiDestination | undefined>;
  /** What a connection adds. Rejects with ConnectionError. */
  readonly access: (connectionArn: string, signal: AbortSignal) => Promise<ConnectionAccess>;
  /** The server would not have what the connection authorised with. */
  readonly refused: (connectionArn: string) => Promise<void>;
  /** Where a URL of the stack is on this machine. */
  readonly localUrl: (url: string) => string;
  readonly call: (call: HttpCall) => Promise<HttpAnswer>;
}

/** "A maximum client execution timeout of 5 seconds." */
const ANSWER_TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 1_048_576;

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html#eb-api-destination-headers */
const FIXED_HEADERS: readonly NameAndValue[] = [
  ["User-Agent", "Amazon/EventBridge/ApiDestinations"],
  ["Range", `bytes=0-${MAX_ANSWER_BYTES - 1}`],
  ["Accept-Encoding", "gzip,deflate"],
  ["Connection", "close"],
];
const CONTENT_TYPE: NameAndValue = ["Content-Type", "application/json; charset=utf-8"];

export interface Invocation {
  readonly arn: string;
  readonly input: string;
  readonly parameters: TargetHttpParameters;
  /** The process ends: nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Rejects with an AwsError or a DestinationError. */
export async function invokeDestination(invocation: Invocation, services: DestinationServices): Promise<void> {
  const { arn, signal } = invocation;
  const destination = await services.find(arn);
  if (destination === undefined)
    throw new AwsError("ResourceNotFoundException", `API destination ${arn} does not exist.`);
  const { connectionArn } = destination;
  const access = await accessTo(connectionArn, signal, services);
  const answer = await called(requestOf(destination, access, invocation, services), services);
  const { statusCode } = answer;
  if (statusCode >= 200 && statusCode <= 299) return;
  if (statusCode === 401 || statusCode === 407) await services.refused(connectionArn);
  throw statusError(answer, services.clock);
}

async function accessTo(
  connectionArn: string,
  signal: AbortSignal,
  { access }: DestinationServices,
): Promise<ConnectionAccess> {
  try {
    return await access(connectionArn, signal);
  } catch (error) {
    throw error instanceof ConnectionError ? new DestinationError(error.message) : error;
  }
}

async function called(request: HttpCall, { call }: DestinationServices): Promise<HttpAnswer> {
  try {
    return await call(request);
  } catch (error) {
    if (!(error instanceof HttpCallError)) throw error;
    if (error.kind === "invalid") throw new DestinationError(error.message, { final: true });
    // Both as recorded in dead letters, of 2023 and 2026.
    if (error.kind === "timeout")
      throw new DestinationError("Timeout calling endpoint for API Destination: socket closed.", { code: "UNKNOWN" });
    throw new DestinationError("API destination endpoint cannot be reached.");
  }
}

/** Values of the connection take precedence over those of the target. */
function requestOf(
  { endpoint, method }: ApiDestination,
  { headers, query, body }: ConnectionAccess,
  { input, parameters, signal }: Invocation,
  { localUrl }: DestinationServices,
): HttpCall {
  const { PathParameterValues = [], HeaderParameters = {}, QueryStringParameters = {} } = parameters;
  const url = new URL(localUrl(endpoint));
  url.pathname = withValues(url.pathname, PathParameterValues);
  for (const [name, value] of [...Object.entries(QueryStringParameters), ...query]) url.searchParams.set(name, value);
  const bytes = Buffer.from(withMembers(input, body));
  const given = [...Object.entries(HeaderParameters), ...headers].filter(([name]) => !isWithheld(name));
  return {
    url,
    method,
    headers: [CONTENT_TYPE, ...given, ...FIXED_HEADERS, ["Content-Length", String(bytes.length)]],
    body: bytes,
    timeoutMs: ANSWER_TIMEOUT_MS,
    maxBytes: MAX_ANSWER_BYTES,
    signal,
  };
}

const isWithheld = (name: string): boolean =>
  WITHHELD_HEADERS.has(name.toLowerCase()) || /^(content-length|range|user-agent)$/i.test(name);

/** Each `*` is the next value; those that are left over stay. */
function withValues(path: string, values: readonly string[]): string {
  const left = [...values];
  return path.replace(/\*/g, (star) => {
    const value = left.shift();
    return value === undefined ? star : encodeURIComponent(value);
  });
}

/** What is no object has no room for members. */
function withMembers(input: string, members: readonly NameAndValue[]): string {
  const object = members.length === 0 ? undefined : jsonObjectIn(input);
  return object === undefined ? input : JSON.stringify({ ...object, ...Object.fromEntries(members) });
}

function statusError({ statusCode, headers }: HttpAnswer, clock: Clock): DestinationError {
  const after = headers.find(([name]) => name.toLowerCase() === "retry-after")?.[1];
  const retryAfterMs = after === undefined ? undefined : waitIn(after, clock);
  const mayPass = statusCode >= 500 || [401, 407, 409, 429].includes(statusCode);
  return new DestinationError(`The endpoint answered with status code ${statusCode}.`, {
    // "If the Retry-After value is negative, EventBridge stops retrying delivery for that event."
    final: !mayPass || (retryAfterMs !== undefined && retryAfterMs < 0),
    retryAfterMs,
  });
}

/** Seconds, or a date; undefined for anything else. */
function waitIn(retryAfter: string, clock: Clock): number | undefined {
  if (/^\s*-?\d+\s*$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const dateMs = Date.parse(retryAfter);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - clock.now());
}
