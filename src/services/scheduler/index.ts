/**
 * # EventBridge Scheduler
 *
 * Mimics: the REST API of 2021-06-30: schedules, groups and their tags; members and constraints as in the API model of
 * November 2026, answers and texts as recorded on AWS between December 2024 and January 2026.
 *
 * Gaps:
 * - Targets: Lambda, SQS, SNS, Step Functions, EventBridge and Kinesis by their templates; as universal targets what a state
 *   machine can call here as `aws-sdk`. Others are refused by name with ValidationException; an action that a service has not,
 *   and an input that is no JSON object, show when the schedule fires: they end in the dead-letter queue
 * - Roles and keys are held to their form, and not looked at
 * - ClientToken is heeded by the operations that create; repeating a deletion says that there is nothing
 * - No quotas and no throttling
 *
 * By design:
 * - Schedules fire while a stack runs. A recurring one makes nothing up for the time when none ran, more than a minute
 *   back; one that fires once does so at the next start, when its event is not older than its retry policy allows
 * - They fire at the second that they say; AWS takes up to a minute. A rate without a start date fires at once, and goes on over
 *   restarts where it was
 * - What fails is tried again after 1, 2, 4 ... seconds, at most 8 minutes apart, by the clock, up to its retry policy
 * - A template may say start and end dates that are past: it may have been deployed before them
 * - A group goes with its schedules at once, without the state DELETING
 * - A schedule of the template goes when the template does not declare it any more
 *
 * Unverified:
 * - Texts: of unknown time zones, of end dates that are past or before the start, of a flexible window without its length,
 *   of an input that is too long, of FIFO queues without a group and of event buses without parameters; that the default
 *   group cannot be deleted, and what is said of groups that are or are not there
 * - The prefixes of read-only operations that a universal target may not call
 * - `cron`: what the page on it does not say follows Quartz (`LW`, `L-3`, no `L` or `W` within a list)
 * - That a change begins the count of a rate anew
 * - The body of a dead letter is the request that a template makes; its form is known of SQS alone
 */
import type { ServerResponse } from "node:http";
import type { EmbeddedService, ServiceContext, ServiceRequest } from "../service.js";
import { createSchedulerAdmin, type SchedulerAdmin } from "./admin.js";
import type { Operation, SchedulerContext } from "./context.js";
import { answer } from "./dispatch.js";
import { groupOperations } from "./operations/groups.js";
import { scheduleOperations } from "./operations/schedules.js";
import { DEFAULT_GROUP, SchedulerStore } from "./store.js";

export type { DeclaredSchedule, KnownSchedule, SchedulerAdmin } from "./admin.js";
export type { ScheduleTarget } from "./store.js";
export { universalTarget } from "./target.js";

export type SchedulerService = EmbeddedService & SchedulerAdmin;

export interface SchedulerCollaborators {
  /** Why a universal target cannot be called here; undefined when it can. */
  readonly refusal: SchedulerContext["refusal"];
}

export function createSchedulerService(
  { store: state, clock, realm, bus, log }: ServiceContext,
  { refusal }: SchedulerCollaborators,
): SchedulerService {
  const store = new SchedulerStore(state);
  const makeDefaultGroup = async (): Promise<void> => {
    const nowMs = clock.now();
    await store.write(() => {
      if (store.group(DEFAULT_GROUP) !== undefined) return;
      store.putGroup({
        name: DEFAULT_GROUP,
        createdMs: nowMs,
        modifiedMs: nowMs,
        tags: {},
        clientToken: undefined,
        declared: false,
      });
    });
  };
  const ready = makeDefaultGroup();
  const context: SchedulerContext = { store, clock, realm, bus, refusal };
  const operations: Readonly<Record<string, Operation>> = {
    ...scheduleOperations(context),
    ...groupOperations(context),
  };
  return {
    ...createSchedulerAdmin(context),
    handle: async (request: ServiceRequest, response: ServerResponse) => {
      await ready;
      await answer(request, response, operations, log);
    },
    reset: async () => {
      await store.clear();
      await makeDefaultGroup();
    },
    close: async () => {
      await ready;
    },
  };
}
