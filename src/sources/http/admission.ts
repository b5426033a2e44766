/** Whether a request gets to its integration: rate -> guard (IAM, authorizer) -> preflight -> API key -> unpacking -> validation. */
import { messageOf } from "../../shared/errors.js";
import { passGuard, type Passed } from "./auth/pass-guard.js";
import { decompressed } from "./compression.js";
import type { Crossing } from "./crossing.js";
import { headerOf, type HttpAnswer, type HttpRequest } from "./message.js";
import type { Passage } from "./passage.js";

export interface Admitted {
  /** Unpacked. */
  readonly request: HttpRequest;
  readonly authorizer: Passage["authorizer"];
}

/** An answer where the request goes no further: a refusal, or what a preflight request is told. */
export async function admit(crossing: Crossing, preflight: HttpAnswer | undefined): Promise<HttpAnswer | Admitted> {
  const { target, parameters, passage, refuse, route } = crossing;
  const { api, request } = target;
  if (!isWithinRate(crossing)) return refuse("throttled");
  const passed = await passGuardOf(crossing);
  if (passed.refused !== undefined) return refuse(passed.refused, passed.detail);
  passage.caller = passed.caller;
  passage.authorizer = passed.authorizer;
  if (preflight !== undefined) return preflight;
  if (route.apiKeyRequired) {
    const sent = api.apiKeySource === "AUTHORIZER" ? passed.usageKey : headerOf(request, "x-api-key");
    const place = { stage: target.stage, method: `${route.path}/${request.method}` };
    const key = crossing.door.usagePlans.check(api.usagePlans, sent, place);
    if (key.refused !== undefined) return refuse(key.refused);
    passage.caller = { ...passed.caller, apiKey: key.key, apiKeyId: key.keyId };
  }
  // Only now: signatures are made over what was sent.
  const plain = api.minimumCompressionBytes === undefined ? request : await decompressed(request);
  if (plain === undefined) return refuse("bad-request");
  const invalid =
    route.validate && (await route.validate(plain, parameters, (type, error) => tellOfModel(crossing, type, error)));
  if (invalid !== undefined) return refuse(invalid.name, invalid.detail);
  return { request: plain, authorizer: passed.authorizer };
}

function isWithinRate({ target: { api, stage }, door: { throttles }, route, routeKey }: Crossing): boolean {
  return throttles.takeOfRoute(
    { name: `${api.id} ${stage}`, throttle: api.throttle },
    { name: routeKey, throttle: route.throttle },
  );
}

/** What an authorizer's verdict is called in the access log. */
const AUTHORIZER_STATUSES: Readonly<Record<string, number>> = {
  unauthorized: 401,
  forbidden: 403,
  denied: 403,
  "denied-explicitly": 403,
  "authorizer-failed": 500,
};

async function passGuardOf({ target, route, event, routeKey, door, passage }: Crossing): Promise<Passed> {
  const askedAt = performance.now();
  const passed = await passGuard(target, route, event, routeKey, door);
  if (route.guard.kind === "authorizer") {
    passage.authorizerLatencyMs = Math.round(performance.now() - askedAt);
    passage.authorizerStatus = AUTHORIZER_STATUSES[passed.refused ?? ""] ?? 200;
  }
  return passed;
}

function tellOfModel({ target, routeKey, door }: Crossing, type: string, error: unknown): void {
  door.notice(
    `${target.api.logicalId}: the model of ${routeKey} for ${type} cannot be used (${messageOf(error)}): no body is held against it`,
  );
}
