/** What is learned about one request on its way through an API: the access log tells it afterwards. */
import type { CallerIdentity } from "./event-v1.js";
import type { RefusalDetail, RefusalName } from "./refusals.js";

export interface Passage {
  readonly startedAt: number;
  caller?: CallerIdentity | undefined;
  /** As the function gets to see it. */
  authorizer?: Readonly<Record<string, unknown>> | undefined;
  authorizerLatencyMs?: number;
  authorizerStatus?: number;
  integrationLatencyMs?: number;
  /** What Lambda answered, and what the function's answer says. */
  integrationServiceStatus?: number;
  integrationStatus?: number;
  integrationRequestId?: string;
  integrationError?: string;
  refused?: { readonly name: RefusalName; readonly detail: RefusalDetail | undefined };
}
