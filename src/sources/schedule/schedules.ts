/**
 * Fires the schedules of EventBridge Scheduler, and calls their targets until they have it. What fires is kept in the
 * transaction that notes it.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 */
import { AwsError } from "../../services/kit/aws-error.js";
import type { StateStore } from "../../services/kit/state-store.js";
import type { KnownSchedule, SchedulerAdmin } from "../../services/scheduler/index.js";
import type { Realm } from "../../shared/arn.js";
import type { Bus } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { nextFiring, parseSchedule } from "../../shared/schedule/expression.js";
import { RetryQueue, type Failure } from "../retry-queue.js";
import type { QueueSender } from "../sqs/queue-sender.js";
import { deadLetter } from "./dead-letter.js";
import { attemptOf, InvalidInput, requestOf, type ApiRequest, type Invocation } from "./requests.js";
import { Timetable, type Entry } from "./timetable.js";

export interface SchedulesOptions {
  readonly scheduler: Pick<SchedulerAdmin, "schedules" | "schedule" | "fired">;
  readonly store: StateStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly realm: Realm;
  /** Rejects with an AwsError when the service answers with one. */
  readonly call: (request: ApiRequest) => Promise<void>;
  readonly queues: () => Promise<QueueSender>;
}

const MINUTE_MS = 60_000;

export class Schedules {
  readonly #options: SchedulesOptions;
  readonly #timetable: Timetable;
  readonly #queue: RetryQueue<Invocation>;
  readonly #unsubscribe: () => void;
  #looking = Promise.resolve();
  #closed = false;

  /** Goes on with the invocations that an earlier process left. */
  constructor(options: SchedulesOptions) {
    this.#options = options;
    const { store, clock, log, bus, scheduler } = options;
    this.#timetable = new Timetable(clock);
    this.#queue = new RetryQueue<Invocation>({
      store,
      clock,
      log,
      table: "schedule-invocations",
      policyOf: ({ target: { RetryPolicy } }) => ({
        maximumRetryAttempts: RetryPolicy.MaximumRetryAttempts,
        maximumAgeSeconds: RetryPolicy.MaximumEventAgeInSeconds,
      }),
      deliver: (invocation, number) => this.#deliver(invocation, number),
      isFinal,
      failed: (invocation, failure) => this.#failed(invocation, failure),
    });
    this.#unsubscribe = bus.on("ScheduleChanged", ({ groupName, name }) =>
      this.#look(() => this.#follow(`${groupName}/${name}`, scheduler.schedule(groupName, name))),
    );
    this.#look(() => this.#followAll());
  }

  /** Resolves when everything that has fired so far is with its target, or waits for the clock. */
  async idle(): Promise<void> {
    await this.#looking;
    await this.#queue.idle();
  }

  get busy(): boolean {
    return this.#queue.busy;
  }

  async reset(): Promise<void> {
    this.#timetable.clear();
    await this.#queue.reset();
    this.#look(() => this.#followAll());
    await this.#looking;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    this.#timetable.close();
    await this.#looking;
    await this.#queue.close();
  }

  /** Once the transaction is through that has changed something. */
  #look(work: () => void): void {
    this.#looking = this.#looking.then(async () => {
      await this.#options.store.settled();
      if (!this.#closed) work();
    });
  }

  #followAll(): void {
    for (const schedule of this.#options.scheduler.schedules())
      this.#follow(`${schedule.groupName}/${schedule.name}`, schedule);
  }

  #follow(key: string, schedule: KnownSchedule | undefined): void {
    const entry = schedule && this.#entryOf(schedule);
    if (schedule === undefined || entry === undefined) return this.#timetable.remove(key);
    this.#timetable.set(key, entry, schedule.firedMs ?? schedule.modifiedMs - 1);
  }

  #entryOf(schedule: KnownSchedule): Entry | undefined {
    const { expression, timezone, startMs, endMs = Infinity, modifiedMs, windowMinutes } = schedule;
    const parsed = parseSchedule(expression, "scheduler");
    if (parsed === undefined) return undefined;
    // "If you do not provide a StartDate, your schedule starts invoking the target immediately": a rate does.
    const firing = { timezone, anchorMs: startMs ?? modifiedMs };
    const once = parsed.kind === "at";
    const next = (afterMs: number): number | undefined => {
      if (once) return nextFiring(parsed, afterMs, firing);
      const at = nextFiring(parsed, Math.max(afterMs, (startMs ?? -Infinity) - 1), firing);
      return at !== undefined && at <= endMs ? at : undefined;
    };
    return {
      next,
      makesUp: once,
      ...(windowMinutes === undefined ? {} : { delayMs: () => Math.random() * windowMinutes * MINUTE_MS }),
      fire: (scheduledMs, dueMs) =>
        this.#fire(schedule, { scheduledMs, dueMs, isLast: next(scheduledMs) === undefined }),
    };
  }

  #fire(
    schedule: KnownSchedule,
    { scheduledMs, dueMs, isLast }: { readonly scheduledMs: number; readonly dueMs: number; readonly isLast: boolean },
  ): void {
    const { store, scheduler, log } = this.#options;
    const { arn: scheduleArn, target } = schedule;
    void store
      .write(() => {
        // Deleted or changed in this very moment: the timetable has not heard of it yet.
        if (scheduler.fired(schedule, scheduledMs, isLast))
          this.#queue.put({ scheduleArn, target, scheduledMs }, dueMs);
      })
      .catch((error: unknown) => log.error({ err: error, schedule: scheduleArn }, "a schedule could not be fired"));
  }

  async #deliver(invocation: Invocation, number: number): Promise<void> {
    await this.#options.call(requestOf(invocation, attemptOf(number), this.#options.realm));
  }

  /** To the dead-letter queue of the schedule, else to the log. */
  async #failed(invocation: Invocation, failure: Failure): Promise<void> {
    const { queues, log, realm } = this.#options;
    const { scheduleArn: schedule, target } = invocation;
    const queueArn = target.DeadLetterConfig?.Arn;
    const reason = failure.error === undefined ? "it is too old" : messageOf(failure.error);
    if (queueArn === undefined) {
      log.warn({ schedule, target: target.Arn, reason }, "an invocation of a schedule failed and is dropped");
      return;
    }
    try {
      await (await queues()).sendMessage(queueArn, deadLetter(invocation, failure, realm));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      log.warn({ schedule, queueArn, code: error.code, reason }, "a dead-letter queue of a schedule refused");
    }
  }
}

const TOO_MANY_REQUESTS = 429;

/** Throttling and faults of a service pass; what a service refuses otherwise, it refuses again. */
const isFinal = (error: unknown): boolean =>
  error instanceof InvalidInput ||
  (error instanceof AwsError &&
    error.statusCode < 500 &&
    error.statusCode !== TOO_MANY_REQUESTS &&
    !/Throttl|TooManyRequests/.test(error.code));
