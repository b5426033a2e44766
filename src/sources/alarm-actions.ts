/**
 * What an alarm does when its state changes: it publishes to topics. Actions of other kinds (scaling, instances,
 * functions) have a line in the log.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 */
import type { AlarmRow } from "../services/cloudwatch/index.js";
import { parseArn } from "../shared/arn.js";
import type { Bus, BusEvents } from "../shared/bus.js";
import { messageOf } from "../shared/errors.js";
import type { Logger } from "../shared/logger.js";

export interface AlarmActionOptions {
  readonly bus: Bus;
  readonly log: Logger;
  readonly region: string;
  /** The alarm, and the text that a topic gets of its change from `previousState`. */
  readonly describe: (
    name: string,
    previousState: string,
  ) => Promise<{ readonly alarm: AlarmRow; readonly text: string } | undefined>;
  readonly publish: (topicArn: string, message: string, subject: string) => Promise<void>;
}

const ACTIONS = { OK: "okActions", ALARM: "alarmActions", INSUFFICIENT_DATA: "insufficientDataActions" } as const;
const MAX_SUBJECT_LENGTH = 100;

export class AlarmActions {
  readonly #options: AlarmActionOptions;
  readonly #running = new Set<Promise<void>>();
  readonly #unsubscribe: () => void;

  constructor(options: AlarmActionOptions) {
    this.#options = options;
    this.#unsubscribe = options.bus.on("AlarmChanged", (event) => {
      const run = this.#act(event)
        .catch((error: unknown) => this.#failed(event.alarmName, error))
        .finally(() => this.#running.delete(run));
      this.#running.add(run);
    });
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await Promise.all(this.#running);
  }

  #failed(alarm: string, error: unknown): void {
    this.#options.log.warn({ alarm, reason: messageOf(error) }, "an action of an alarm failed");
  }

  async #act({ alarmName, state, previousState = "INSUFFICIENT_DATA" }: BusEvents["AlarmChanged"]): Promise<void> {
    const { describe, publish, log, region } = this.#options;
    const found = await describe(alarmName, previousState);
    if (found === undefined || !found.alarm.actionsEnabled) return;
    const subject = `${state}: "${alarmName}" in ${region}`.slice(0, MAX_SUBJECT_LENGTH);
    for (const arn of found.alarm[ACTIONS[state]]) {
      if (parseArn(arn)?.service !== "sns") {
        log.warn({ alarm: alarmName, action: arn }, "actions of this kind are not carried out");
        continue;
      }
      // A topic that is gone does not keep the others from being told.
      await publish(arn, found.text, subject).catch((error: unknown) => this.#failed(alarmName, error));
    }
  }
}
