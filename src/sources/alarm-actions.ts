/**
 * Carries out what alarms have to do when their state changes: they publish to topics. Actions of other kinds (scaling,
 * instances, functions) have a line in the log. An action is kept together with the change of state that it belongs to.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 */
import { AwsError } from "../services/kit/aws-error.js";
import type { StateStore } from "../services/kit/state-store.js";
import { parseArn } from "../shared/arn.js";
import type { AlarmAction, Bus } from "../shared/bus.js";
import type { Clock } from "../shared/clock.js";
import type { Logger } from "../shared/logger.js";
import { Outbox } from "./outbox.js";

export interface AlarmActionOptions {
  readonly store: StateStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  /** Rejects with an AwsError when the topic refuses for good, and with anything else when it should be tried again. */
  readonly publish: (topicArn: string, message: string, subject: string) => Promise<void>;
}

export class AlarmActions {
  readonly #options: AlarmActionOptions;
  readonly #outbox: Outbox<AlarmAction>;
  readonly #unsubscribe: () => void;

  /** Goes on with the actions that an earlier process left. */
  constructor(options: AlarmActionOptions) {
    const { store, bus, clock, log } = options;
    this.#options = options;
    this.#outbox = new Outbox({
      store,
      clock,
      log,
      table: "alarm-actions",
      deliver: (action) => this.#act(action),
      // Whoever hears of an alarm last hears of its last state.
      groupOf: ({ alarmName, actionArn }) => `${alarmName} ${actionArn}`,
    });
    this.#unsubscribe = bus.on("AlarmActionDue", (action) => this.#outbox.put(action));
  }

  /** Resolves when everything that was due has been done, or waits for the clock. */
  idle(): Promise<void> {
    return this.#outbox.idle();
  }

  get busy(): boolean {
    return this.#outbox.busy;
  }

  reset(): Promise<void> {
    return this.#outbox.reset();
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#outbox.close();
  }

  async #act({ alarmName, actionArn, subject, message }: AlarmAction): Promise<void> {
    const { publish, log } = this.#options;
    if (parseArn(actionArn)?.service !== "sns") {
      log.warn({ alarm: alarmName, action: actionArn }, "actions of this kind are not carried out");
      return;
    }
    try {
      await publish(actionArn, message, subject);
    } catch (error) {
      // A topic that is gone stays gone.
      if (!(error instanceof AwsError)) throw error;
      log.warn({ alarm: alarmName, action: actionArn, code: error.code }, "an action of an alarm was refused");
    }
  }
}
