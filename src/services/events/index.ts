/**
 * # EventBridge
 *
 * Mimics: AWS JSON 1.1, API version 2015-10-07: event buses, rules with patterns and schedules, targets, PutEvents,
 * TestEventPattern, archives and replays, tags, connections and API destinations. Codes and texts as recorded on AWS between 2024 and October 2025; patterns
 * are read and matched as AWS's event-ruler does it, with the order, text and place of its refusals.
 *
 * Gaps:
 * - Endpoints, partner event sources, connections to private APIs: UnsupportedOperationException by name
 * - Connections: no events of their changes of state, no KMS; a 401 does not take the authorization from one with BASIC or API_KEY.
 *   Where Secrets Manager is on another server, the secret of a connection is in the embedded one all the same
 * - An archive has no managed rule of its own in ListRules; an event counts for its archive at once, with the bytes of its
 *   text
 * - Targets are functions, queues, topics, state machines, event buses, log groups, Kinesis streams and API destinations; any
 *   other is a failed entry of PutTargets by name, and so are parameters of targets but SqsParameters, KinesisParameters and
 *   HttpParameters
 * - Policies of buses are kept and given back, but not enforced; KmsKeyIdentifier and the dead-letter queue of a bus have no
 *   effect
 * - LogConfig of a bus and EndpointId of PutEvents are refused by name
 * - A number of an event that no double holds is compared as the double next to it
 * - There are no events of CloudTrail: ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS is as good as ENABLED
 * - Roles are not looked at, but for the one that AWS wants for a state machine, a stream and an API destination
 * - A scheduled rule, an archive and a bus have no limits of number; a rule has at most five targets
 *
 * By design:
 * - PutEvents keeps the deliveries in the transaction of the call: what has been acknowledged is delivered though the
 *   process is killed
 * - A delivery that fails is tried again after 1, 2, 4 ... seconds, at most 8 minutes apart, by the clock, up to the policy of
 *   the target (AWS says "exponential back-off" and no figures); what a target refuses for good is a dead letter at once
 * - An event that came from another bus goes to no third one, as on AWS
 * - API destinations and token endpoints are called by HTTPS, as on AWS, and by HTTP where no certificate is given for the name:
 *   loopback addresses, names without a dot, `.localhost`, `.internal`. `doctor` tells of such an address in a template. Those of
 *   the stack's own APIs and function URLs are called where they are on this machine
 * - Changes of connections are complete at once; only one with OAuth is AUTHORIZING until its first token is there. One whose token
 *   could not be had is DEAUTHORIZED, and tries again with each request that goes by it; on AWS it waits for UpdateConnection
 * - What authorises is a secret of Secrets Manager, `events!connection/NAME/ID`, written in the transaction of the call. Tokens are in
 *   memory alone; they are renewed 60 seconds before their end, and after a 401 or 407
 * - InvocationRateLimitPerSecond holds by the clock: no more calls than that begin in any second. The 5 seconds of an answer are real
 * - The trace header of PutEvents goes on to targets, so a function that puts an event for itself again and again is ended
 *   after about 16 rounds, as with queues and topics; AWS's Lambda does not watch chains through EventBridge (its
 *   PutFunctionRecursionConfig with RecursiveLoop Allow lets such a function go on here)
 * - Rules and buses that the template declares go when it does not declare them any more
 * - Rules with a schedule fire while a stack runs, at the second that they say; minutes in which none ran are not made up for.
 *   A rate counts from when its rule was first there, also over restarts
 *
 * Client quirks:
 * - None known
 *
 * Unverified:
 * - How complex wildcards may be: at most ten beginnings that match one text, which agrees with all that is known
 * - Texts for a pattern of more than 1000 combinations, paths and templates that are none, a constant input that is no JSON,
 *   an input for an event bus, a detail type that is too long, a source that begins with `aws.`, a dead-letter queue that is
 *   none, a bus that has rules
 * - Quotes inside a value that a template puts into a text are escaped; a path of InputPath that finds nothing gives null
 * - The names of executions (the id of the event and another), and of the stream in a log group (the id of the event)
 * - Codes in dead letters beyond NO_RESOURCE, NO_PERMISSIONS, THROTTLING and SDK_CLIENT_ERROR
 * - Connections and API destinations: texts are second hand where they begin with "Failed to", and ours about parameters that do not go
 *   with the kind of authorization; the dead letter of an answer that is an error (those of a server that is slow or out of reach are
 *   recorded); `grant_type=client_credentials` when no parameter says another; that body parameters are added to objects alone; the
 *   form of the secret for BASIC and API_KEY; that a target without RoleArn is refused
 * - That the first firing of a rate comes when its time has passed once, and that disabling a rule begins its count anew
 * - RemoveTargets of a target that is not there is a failed entry
 */
import type { ServerResponse } from "node:http";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { handleJson, type JsonOperation } from "../kit/json-protocol.js";
import type { EmbeddedService, ServiceContext, ServiceRequest } from "../service.js";
import { ArchiveStore } from "./archive-store.js";
import { archiveOperations } from "./archives.js";
import { createEventsAdmin, type EventsAdmin } from "./admin.js";
import { busOperations } from "./buses.js";
import { apiDestinationOperations } from "./connections/api-destinations.js";
import { connectionOperations } from "./connections/connections.js";
import { ConnectionStore } from "./connections/store.js";
import { ConnectionTokens } from "./connections/tokens.js";
import { eventsError } from "./errors.js";
import { testEventPattern } from "./patterns.js";
import { putEvents } from "./put-events.js";
import { Replays, replayOperations } from "./replays.js";
import { ruleOperations } from "./rules.js";
import { EventsStore } from "./store.js";
import { tagOperations } from "./tags.js";
import { targetOperations } from "./targets.js";

export type { DeclaredConnection } from "./connections/declared.js";
export type { DeclaredBus, DeclaredRule, EventsAdmin, ScheduledRule } from "./admin.js";

/** Ten entries of together 1 MiB; their JSON may be six times that when every character is escaped. */
const MAX_BODY_BYTES = 8 * MEBIBYTE;

const REFUSED = [
  "ActivateEventSource",
  "CreateEndpoint",
  "CreatePartnerEventSource",
  "DeactivateEventSource",
  "DeleteEndpoint",
  "DeletePartnerEventSource",
  "DescribeEndpoint",
  "DescribeEventSource",
  "DescribePartnerEventSource",
  "ListEndpoints",
  "ListEventSources",
  "ListPartnerEventSourceAccounts",
  "ListPartnerEventSources",
  "PutPartnerEvents",
  "UpdateEndpoint",
];

export function createEventsService(context: ServiceContext): EmbeddedService & EventsAdmin {
  const { clock, realm, bus, log } = context;
  const store = new EventsStore(context.store);
  const archives = new ArchiveStore(context.store);
  const connections = new ConnectionStore(context.store);
  const tokens = new ConnectionTokens(clock, context.localUrl ?? ((url) => url));
  const shared = { store, archives, connections, tokens, secrets: context.secrets ?? noSecrets, clock, realm, bus };
  const replays = new Replays(shared, log);
  const operations: Record<string, JsonOperation> = {
    ...busOperations(shared),
    ...ruleOperations(shared),
    ...targetOperations(shared),
    ...tagOperations(shared),
    ...archiveOperations(shared),
    ...replayOperations(shared, replays),
    ...connectionOperations(shared, log),
    ...apiDestinationOperations(shared),
    PutEvents: (input, { headers }) => {
      const traceHeader = headers["x-amzn-trace-id"];
      return putEvents(shared, input, typeof traceHeader === "string" ? traceHeader : undefined);
    },
    TestEventPattern: (input) => testEventPattern(input),
    ...Object.fromEntries(REFUSED.map((name) => [name, refuse(name)])),
  };
  const options = { version: "1.1", errorNamespace: "", operations, maxBodyBytes: MAX_BODY_BYTES, log } as const;
  return {
    ...createEventsAdmin(shared, replays, log),
    handle: (request: ServiceRequest, response: ServerResponse) => handleJson(request, response, options),
    reset: async () => {
      tokens.clear();
      await Promise.all([store.clear(), archives.clear(), connections.clear()]);
    },
    close: () => {
      tokens.close();
      return replays.close();
    },
  };
}

const noSecrets = (): Promise<never> => Promise.reject(new Error("there is no Secrets Manager to keep credentials in"));

function refuse(name: string): JsonOperation {
  return () => {
    throw eventsError.notEmulated(name);
  };
}
