/**
 * # EventBridge
 *
 * Mimics: AWS JSON 1.1, API version 2015-10-07: event buses, rules with patterns and schedules, targets, PutEvents,
 * TestEventPattern, tags. Codes and texts as recorded on AWS between 2024 and October 2025; patterns are read and matched
 * as AWS's event-ruler does it, with the order, text and place of its refusals.
 *
 * Gaps:
 * - Archives, replays, API destinations, connections, endpoints, partner event sources: UnsupportedOperationException by name
 * - Targets are functions, queues, topics, state machines, event buses and log groups; any other is a failed entry of
 *   PutTargets by name, and so are parameters of targets but SqsParameters
 * - Policies of buses are kept and given back, but not enforced; KmsKeyIdentifier and the dead-letter queue of a bus have no effect
 * - LogConfig of a bus and EndpointId of PutEvents are refused by name
 * - Roles are not looked at, but for the one that AWS wants for a state machine
 *
 * By design:
 * - PutEvents keeps the deliveries in the transaction of the call: what has been acknowledged is delivered though the
 *   process is killed
 * - Rules and buses that the template declares go when it does not declare them any more
 *
 * Client quirks:
 * - None known
 *
 * Unverified:
 * - How complex wildcards may be: at most ten beginnings that match one text, which agrees with all that is known
 * - Texts for a pattern of more than 1000 combinations, paths and templates that are none, a constant input that is no JSON,
 *   a detail type that is too long, a source that begins with `aws.`, a dead-letter queue that is none, a bus that has rules
 * - RemoveTargets of a target that is not there is a failed entry
 */
import type { ServerResponse } from "node:http";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { handleJson, type JsonOperation } from "../kit/json-protocol.js";
import type { EmbeddedService, ServiceContext, ServiceRequest } from "../service.js";
import { createEventsAdmin, type EventsAdmin } from "./admin.js";
import { busOperations } from "./buses.js";
import { eventsError } from "./errors.js";
import { testEventPattern } from "./patterns.js";
import { putEvents } from "./put-events.js";
import { ruleOperations } from "./rules.js";
import { EventsStore } from "./store.js";
import { tagOperations } from "./tags.js";
import { targetOperations } from "./targets.js";

export type { DeclaredBus, DeclaredRule, EventsAdmin, ScheduledRule } from "./admin.js";

/** Ten entries of together 1 MiB; their JSON may be six times that when every character is escaped. */
const MAX_BODY_BYTES = 8 * MEBIBYTE;

const REFUSED = [
  "ActivateEventSource",
  "CancelReplay",
  "CreateApiDestination",
  "CreateArchive",
  "CreateConnection",
  "CreateEndpoint",
  "CreatePartnerEventSource",
  "DeactivateEventSource",
  "DeauthorizeConnection",
  "DeleteApiDestination",
  "DeleteArchive",
  "DeleteConnection",
  "DeleteEndpoint",
  "DeletePartnerEventSource",
  "DescribeApiDestination",
  "DescribeArchive",
  "DescribeConnection",
  "DescribeEndpoint",
  "DescribeEventSource",
  "DescribePartnerEventSource",
  "DescribeReplay",
  "ListApiDestinations",
  "ListArchives",
  "ListConnections",
  "ListEndpoints",
  "ListEventSources",
  "ListPartnerEventSourceAccounts",
  "ListPartnerEventSources",
  "ListReplays",
  "PutPartnerEvents",
  "StartReplay",
  "UpdateApiDestination",
  "UpdateArchive",
  "UpdateConnection",
  "UpdateEndpoint",
];

export function createEventsService(context: ServiceContext): EmbeddedService & EventsAdmin {
  const { clock, realm, bus, log } = context;
  const store = new EventsStore(context.store);
  const shared = { store, clock, realm, bus };
  const operations: Record<string, JsonOperation> = {
    ...busOperations(shared),
    ...ruleOperations(shared),
    ...targetOperations(shared),
    ...tagOperations(shared),
    PutEvents: (input, { headers }) => {
      const traceHeader = headers["x-amzn-trace-id"];
      return putEvents(shared, input, typeof traceHeader === "string" ? traceHeader : undefined);
    },
    TestEventPattern: (input) => testEventPattern(input),
    ...Object.fromEntries(REFUSED.map((name) => [name, refuse(name)])),
  };
  const options = { version: "1.1", errorNamespace: "", operations, maxBodyBytes: MAX_BODY_BYTES, log } as const;
  return {
    ...createEventsAdmin(shared),
    handle: (request: ServiceRequest, response: ServerResponse) => handleJson(request, response, options),
    reset: () => store.clear(),
    close: () => Promise.resolve(),
  };
}

function refuse(name: string): JsonOperation {
  return () => {
    throw eventsError.notEmulated(name);
  };
}
