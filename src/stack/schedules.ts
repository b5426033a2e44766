/**
 * What of a stack fires by the clock: rules of EventBridge with a schedule, and EventBridge Scheduler, which is put behind
 * the gateway here. In a one-shot command both services answer, and nothing fires by the clock.
 */
import type { Application } from "../config/application.js";
import type { EventsAdmin } from "../services/events/index.js";
import type { Gateway } from "../services/gateway.js";
import type { StateStore } from "../services/kit/state-store.js";
import type { SchedulerAdmin } from "../services/scheduler/index.js";
import type { EmbeddedService } from "../services/service.js";
import type { Bus } from "../shared/bus.js";
import type { Clock } from "../shared/clock.js";
import type { Logger } from "../shared/logger.js";
import type { TargetServices } from "../sources/eventbridge/targets.js";
import { ScheduledRules } from "../sources/schedule/scheduled-rules.js";
import { Schedules } from "../sources/schedule/schedules.js";
import type { Activity } from "./activity.js";
import type { ServiceAddress, ServiceName } from "./backends/endpoints.js";
import { declareBuses, declareSchedules } from "./declared-buses.js";
import type { LookUp } from "./dynamic-references.js";
import { callRefusal, ScheduleCalls } from "./schedule-calls.js";

export interface StackSchedulesOptions {
  readonly kind: "stack" | "command";
  readonly activity: Activity;
  readonly gateway: Gateway;
  /** What of the template the embedded services hold. */
  readonly application: () => Application;
  readonly store: () => StateStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notice: (text: string) => void;
  readonly targets: () => TargetServices;
  readonly address: (service: ServiceName) => ServiceAddress;
  /** For dynamic references. */
  readonly lookUp: LookUp;
  /** Another server has the schedules. */
  readonly isForeign: boolean;
}

/** Tables with rows in them: what an earlier process left goes on in this one. */
const KEPT_RULES = ["events-rules", "events-connections", "eventbridge-deliveries"];
const KEPT_SCHEDULES = ["scheduler-schedules", "schedule-invocations"];

export class StackSchedules {
  readonly #options: StackSchedulesOptions;
  readonly #calls: ScheduleCalls;
  #rules: ScheduledRules | undefined;
  #schedules: Schedules | undefined;
  #closed = false;

  /** Registers the Scheduler; it is loaded at the first request. */
  constructor(options: StackSchedulesOptions) {
    this.#options = options;
    const { gateway, targets, address, isForeign } = options;
    this.#calls = new ScheduleCalls({
      targets,
      address,
      putEvents: async (entries) =>
        ((await gateway.service("events")) as EmbeddedService & EventsAdmin).putEvents(entries),
    });
    if (isForeign) return;
    gateway.offerService("scheduler", async (context) => {
      const { createSchedulerService } = await import("../services/scheduler/index.js");
      return createSchedulerService(context, { refusal: callRefusal });
    });
  }

  /** To be called when EventBridge is there, and when the template has changed. */
  async eventsReady(events: EventsAdmin): Promise<void> {
    const { kind, application, notice, store, bus, clock, log, lookUp } = this.#options;
    (await declareBuses(events, application(), lookUp)).forEach(notice);
    if (kind === "stack" && !this.#closed)
      this.#rules ??= new ScheduledRules({ events, store: store(), bus, clock, log });
  }

  /** The same for the Scheduler. */
  async schedulerReady(scheduler: SchedulerAdmin): Promise<void> {
    const { kind, activity, application, notice, store, bus, clock, log, targets } = this.#options;
    (await declareSchedules(scheduler, application())).forEach(notice);
    if (kind === "stack" && !this.#closed)
      this.#schedules ??= new Schedules({
        scheduler,
        store: store(),
        bus,
        clock,
        log,
        realm: application().realm,
        call: (request) => activity.during(() => this.#calls.call(request)),
        queues: () => targets().queues(),
      });
  }

  /** In a stack: has the services loaded that have something to fire, or to go on with. */
  async begin(): Promise<void> {
    const { gateway, application, isForeign } = this.#options;
    const { rules, eventBuses, connections, apiDestinations, schedules, scheduleGroups } = application();
    const ofEvents = [rules, eventBuses, connections, apiDestinations];
    if (ofEvents.some(({ length }) => length > 0) || this.#hasKept(KEPT_RULES)) await gateway.service("events");
    if (isForeign || this.#closed) return;
    if (schedules.length + scheduleGroups.length > 0 || this.#hasKept(KEPT_SCHEDULES))
      await gateway.service("scheduler");
  }

  async reset(): Promise<void> {
    await this.#rules?.reset();
    await this.#schedules?.reset();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#rules?.close();
    await this.#schedules?.close();
    await this.#calls.close();
  }

  #hasKept(tables: readonly string[]): boolean {
    return tables.some((name) => this.#options.store().table(name).getCount() > 0);
  }
}
