/** What is learned about one request on its way through an API: the access log tells it afterwards. */
import type { CallerIdentity } from "./event-v1.js";
import type { RefusalDetail, RefusalName } from "./refusals.js";

/** Of the run of its function. */
export interface FunctionPassage {
  integrationLatencyMs?: number;
  /** What Lambda answered, and what the function's answer says. */
  integrationServiceStatus?: number;
  integrationStatus?: number;
  integrationRequestId?: string;
  integrationError?: string;
}

export interface Passage extends FunctionPassage {
  readonly startedAt: number;
  caller?: CallerIdentity | undefined;
  /** As the function gets to see it. */
  authorizer?: Readonly<Record<string, unknown>> | undefined;
  authorizerLatencyMs?: number;
  authorizerStatus?: number;
  refused?: { readonly name: RefusalName; readonly detail: RefusalDetail | undefined };
}
