/**
 * Why an API refused, for the person at the terminal: no function ran, so nothing else shows the request, and the answer says little.
 * On AWS access logs alone tell.
 */
import type { Guard } from "./auth/guards.js";
import type { HttpRequest } from "./message.js";
import type { RefusalDetail, RefusalName } from "./refusals.js";
import type { ApiTarget } from "./target.js";

export interface Refused {
  readonly name: RefusalName;
  readonly detail: RefusalDetail | undefined;
  readonly statusCode: number;
  readonly guard: Guard["kind"] | undefined;
  /** Of its integration, in AWS's words. */
  readonly fault: string | undefined;
}

/** A sentence, or nothing where the answer or a line of the log says it. */
export function refusalNotice({ api, request }: ApiTarget, refused: Refused): string | undefined {
  const why = whyRefused(api.logicalId, refused);
  return why && sentence(request, refused.statusCode, why);
}

/** Of a request that names no API and no function URL that is there. */
export const untargetedNotice = (request: HttpRequest, statusCode: number): string =>
  sentence(request, statusCode, "no API and no function URL has this address");

/** Of a function URL that takes signed requests alone; `fault` is what was wrong with the signature, if there was one. */
export const unsignedNotice = (request: HttpRequest, fault: RefusalDetail | undefined): string =>
  sentence(
    request,
    403,
    fault?.type === undefined
      ? "its function URL takes signed requests alone (AWS_IAM), and it has no signature"
      : `its signature is not accepted (${fault.type})`,
  );

/** The sender's letters must not move the cursor. */
const sentence = ({ method, path }: HttpRequest, statusCode: number, why: string): string =>
  `${method} ${path.replace(/[^!-~]/g, (letter) => encodeURIComponent(letter))} is ${statusCode}: ${why}`;

function whyRefused(api: string, { name, detail, fault, guard }: Refused): string | undefined {
  switch (name) {
    case "no-route":
      return guard === undefined
        ? `no route of ${api} takes it`
        : "it has to be signed (AWS_IAM), and has no signature";
    case "unauthorized":
      return "what its authorizer looks at is missing, or not accepted";
    case "denied":
    case "denied-explicitly":
      return "its authorizer does not allow it";
    case "forbidden":
      return guard === "iam"
        ? `its signature is missing, or not accepted${detail?.type === undefined ? "" : ` (${detail.type})`}`
        : "its API key is missing, or in no usage plan of the stage";
    case "unsupported-type":
      return "no template of its integration is for its content type";
    case "misconfigured":
    case "no-connection":
      return fault;
    default:
      return whyLimited(name);
  }
}

/** Where something had its limit, whatever kind of API it is. */
export function whyLimited(name: RefusalName): string | undefined {
  switch (name) {
    case "throttled":
      return "it is over the rate of stage, route or usage plan";
    case "quota":
      return "it is over the quota of its usage plan";
    case "timeout":
      return "what is behind it has not answered within the integration's timeout";
    case "throttled-function":
      return "the function runs as often as its reserved concurrency allows";
    default:
      return undefined;
  }
}
