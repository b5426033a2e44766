/**
 * # SNS
 *
 * Mimics: the query protocol (2010-03-31): topics, subscriptions, Publish and PublishBatch, filter policies by attributes
 * and body, FIFO topics, raw delivery, dead-letter queues of subscriptions. Error codes, texts and envelopes as recorded
 * on AWS between August 2023 and October 2025.
 *
 * Gaps:
 * - Platform applications, sandbox and opt-out lists of text messages, data protection policies: InvalidAction by name
 * - Messages to telephone numbers, mobile endpoints and Firehose go nowhere; each has a line in the log
 * - Messages are not signed: `Signature` says so, and a client that checks it must not do so here
 * - Topic policies are kept and given back, but not enforced; delivery policies too: HTTP endpoints get AWS's default
 *   (three retries, 20 seconds apart)
 * - Archive and replay of FIFO topics; delivery status logging; encryption
 * - AWS adds the place of the fault to the text for a filter or redrive policy that is not JSON; here the text ends before it
 *
 * By design:
 * - Deliveries to queues and functions run in any command; they are kept with the message until the target has them
 * - A subscription of the template goes when the template does not declare it any more
 * - HTTP endpoints and e-mail addresses that the template declares need no confirmation: when the stack starts they may not be
 *   there yet. Mails land in the stack's inbox
 * - DeleteTopic deletes its subscriptions at once
 *
 * Client quirks:
 * - Links in messages lead to this gateway and carry `Version`, by which an unsigned request finds SNS
 *
 * Unverified:
 * - Texts for group and deduplication ids that are too long, attributes of topics out of range, AddPermission, functions on FIFO topics, too many tags
 * - How `$or` counts towards the 150 combinations of a filter policy
 */
import type { ServerResponse } from "node:http";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { handleQuery } from "../kit/query-protocol.js";
import type { JsonOperation } from "../kit/json-protocol.js";
import type { EmbeddedService, ServiceContext, ServiceRequest } from "../service.js";
import { createSnsAdmin, type SnsAdmin } from "./admin.js";
import { snsError } from "./errors.js";
import { publishOperations } from "./publish.js";
import { queryOperations } from "./shapes.js";
import { SnsStore } from "./store.js";
import { subscriptionOperations } from "./subscriptions.js";
import { topicOperations } from "./topics.js";

export type { DeclaredSubscription, DeclaredTopic, SnsAdmin } from "./admin.js";

const API_VERSION = "2010-03-31";

/** What the links in messages ask for, without a signature. */
const UNSIGNED = new Set(["ConfirmSubscription", "Unsubscribe"]);

const REFUSED = [
  "CheckIfPhoneNumberIsOptedOut",
  "CreatePlatformApplication",
  "CreatePlatformEndpoint",
  "CreateSMSSandboxPhoneNumber",
  "DeleteEndpoint",
  "DeletePlatformApplication",
  "DeleteSMSSandboxPhoneNumber",
  "GetDataProtectionPolicy",
  "GetEndpointAttributes",
  "GetPlatformApplicationAttributes",
  "GetSMSAttributes",
  "GetSMSSandboxAccountStatus",
  "ListEndpointsByPlatformApplication",
  "ListOriginationNumbers",
  "ListPhoneNumbersOptedOut",
  "ListPlatformApplications",
  "ListSMSSandboxPhoneNumbers",
  "OptInPhoneNumber",
  "PutDataProtectionPolicy",
  "SetEndpointAttributes",
  "SetPlatformApplicationAttributes",
  "SetSMSAttributes",
  "VerifySMSSandboxPhoneNumber",
];

export function createSnsService(context: ServiceContext): EmbeddedService & SnsAdmin {
  const { clock, realm, bus, log } = context;
  const store = new SnsStore(context.store);
  const shared = { store, clock, realm, bus };
  const operations: Record<string, JsonOperation> = {
    ...topicOperations(shared),
    ...subscriptionOperations(shared),
    ...publishOperations({
      ...shared,
      textMessage: (phoneNumber, message) =>
        log.warn({ phoneNumber, message }, "text messages are not sent: the message ends here"),
    }),
    ...Object.fromEntries(REFUSED.map((action) => [action, refuse(action)])),
  };
  const guarded = Object.fromEntries(
    Object.entries(operations).map(([action, run]): [string, JsonOperation] => [
      action,
      UNSIGNED.has(action) ? run : (input, request) => run(input, signed(request)),
    ]),
  );
  const options = {
    version: API_VERSION,
    xmlNamespace: `http://sns.amazonaws.com/doc/${API_VERSION}/`,
    operations: queryOperations(guarded),
    maxBodyBytes: 2 * MEBIBYTE,
    log,
  } as const;
  return {
    ...createSnsAdmin(shared, log),
    handle: (request: ServiceRequest, response: ServerResponse) => handleQuery(request, response, options),
    reset: () => store.clear(),
    close: () => Promise.resolve(),
  };
}

function refuse(action: string): JsonOperation {
  return () => {
    throw snsError.notEmulated(action);
  };
}

function signed(request: ServiceRequest): ServiceRequest {
  if (request.caller === undefined) throw snsError.missingToken();
  return request;
}
