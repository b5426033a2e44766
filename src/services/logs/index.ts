/**
 * # CloudWatch Logs
 *
 * Mimics: JSON 1.1, API version 2014-03-28; rules and texts from the API reference and the texts that public tools
 * quote, read in November 2026.
 *
 * Gaps:
 * - StartQuery (Logs Insights), PutMetricFilter, TestMetricFilter, export tasks, destinations,
 *   account policies: UnknownOperationException by name
 * - subscription filters reach Lambda functions; another destination gets the error of one that does not answer
 * - storedBytes of a group counts what came in; it does not shrink with retention
 *
 * By design:
 * - function output arrives in process; its group and stream are made by the first line, as Lambda makes them
 * - retention hides events at once and removes their rows when the stream is next written to
 * - KmsKeyId and log group class are kept and shown, without effect
 *
 * Client quirks:
 * - StartLiveTail goes to `streaming-` before the host: SDKs want `disableHostPrefix`, boto3 `inject_host_prefix=False`
 * - GetLogEvents hands back the token it was given when there is nothing more, on which readers stop
 *
 * Unverified:
 * - a term of a filter pattern matches inside a word
 * - a line of fewer fields than a pattern of fields names does not match it
 * - `!=` does not match an event that lacks the property
 * - the 1 MiB limit of one event (256 KB before 2025)
 */
import type { EmbeddedService, ServiceContext } from "../service.js";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { handleJson } from "../kit/json-protocol.js";
import { LogIntake, type LogListener } from "./intake.js";
import { LiveTails } from "./live-tail.js";
import { logsOperations } from "./operations.js";
import { declareSubscriptions, type DeclaredSubscription } from "./declared.js";
import type { SubscriptionDelivery } from "./subscriptions.js";
import { LogStore, type NewEvent } from "./store.js";

export type { LogListener } from "./intake.js";
export type { NewEvent } from "./store.js";
export { subscriptionPayload, type SubscriptionDelivery, type SubscriptionMessage } from "./subscriptions.js";

export interface LogsAdmin {
  /** Adds lines of a function; makes group and stream when missing. Resolves when they are stored. */
  append(groupName: string, streamName: string, events: readonly NewEvent[]): Promise<void>;
  /** Calls `listener` with everything written to a group from now on; returns the way to stop. */
  subscribe(groupName: string, listener: LogListener): () => void;
  /** Calls `listener` with what subscription filters let through; returns the way to stop. */
  onDelivery(listener: (delivery: SubscriptionDelivery) => void): () => void;
  groupExists(groupName: string): boolean;
  /** Makes a group that a template declares, or sets its retention. */
  ensureGroup(groupName: string, retentionDays?: number): Promise<void>;
  /** Makes exactly these filters the template's; those that clients have put stay. A group that is not there is made. */
  declareSubscriptions(filters: readonly DeclaredSubscription[]): Promise<void>;
}

export type LogsService = EmbeddedService & LogsAdmin;

/** A batch is 1 MiB at most as AWS counts it; its JSON may be six times that when every character is escaped. */
const MAX_BODY_BYTES = 8 * MEBIBYTE;

export function createLogsService(context: ServiceContext): LogsService {
  const store = new LogStore(context.store, context.clock);
  const intake = new LogIntake(store, context);
  const tails = new LiveTails({ store, intake, clock: context.clock, realm: context.realm });
  const operations = logsOperations({
    store,
    clock: context.clock,
    realm: context.realm,
    functions: context.functions,
    put: (group, stream, events) => intake.put(group, stream, events, false),
  });
  return {
    handle: async (request, response) => {
      await intake.flush();
      return handleJson(request, response, {
        version: "1.1",
        errorNamespace: "",
        operations,
        streams: { StartLiveTail: (input, from, to) => tails.start(input, from, to) },
        maxBodyBytes: MAX_BODY_BYTES,
        log: context.log,
      });
    },
    append: (group, stream, events) => intake.put(group, stream, events, true),
    subscribe: (group, listener) => intake.subscribe(group, listener),
    onDelivery: (listener) => intake.onDelivery(listener),
    groupExists: (name) => store.group(name) !== undefined,
    ensureGroup: async (name, retentionDays) => {
      await store.write(() => {
        const group = store.group(name) ?? store.createGroup(name);
        if (retentionDays !== undefined) store.putGroup({ ...group, retentionDays });
      });
    },
    declareSubscriptions: (filters) => declareSubscriptions(store, context.clock, filters),
    reset: async () => {
      await intake.flush();
      await store.reset();
    },
    close: async () => {
      tails.close();
      await intake.flush();
    },
  };
}
