/** EventBridge without HTTP: what the stack declares, what other services put, and schedules that have come. */
import type { JsonObject } from "../kit/json-protocol.js";

export interface DeclaredBus {
  readonly name: string;
  readonly description?: string;
  /** Of a dead-letter queue of the bus. */
  readonly deadLetterArn?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface DeclaredRule {
  readonly name: string;
  /** Name or ARN; the default bus when absent. */
  readonly busName?: string;
  readonly description?: string;
  /** JSON text. */
  readonly eventPattern?: string;
  readonly scheduleExpression?: string;
  /** Enabled when absent. */
  readonly state?: string;
  readonly roleArn?: string;
  /** As PutTargets takes them. */
  readonly targets: readonly JsonObject[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface ScheduledRule {
  readonly busName: string;
  readonly name: string;
  readonly arn: string;
  readonly scheduleExpression: string;
}

export interface EventsAdmin {
  /**
   * Makes what a template declares, or gives what is there these properties and exactly these targets; what an earlier
   * template declared and this one does not goes. Answers why AWS would refuse a bus, rule or target: it is left out.
   */
  declare(wanted: {
    readonly buses: readonly DeclaredBus[];
    readonly rules: readonly DeclaredRule[];
  }): Promise<readonly string[]>;
  busExists(nameOrArn: string): boolean;
  /** Enabled rules with a schedule. `ScheduledRuleChanged` on the bus says that the list may be another. */
  scheduledRules(): readonly ScheduledRule[];
  /**
   * The time of a scheduled rule has come: its targets get the "Scheduled Event" of that time. To be called inside a
   * write transaction of the state, so that what the scheduler notes of it is kept together with the deliveries.
   * Whether there still is such a rule, enabled.
   */
  fire(rule: { readonly busName: string; readonly name: string }, timeMs: number): boolean;
  /** An event of a service of AWS, whole with its envelope. When it resolves, deliveries to all matching targets are kept. */
  putEvent(
    busName: string,
    event: JsonObject,
    more?: { readonly traceHeader?: string; readonly forwarded?: boolean },
  ): Promise<void>;
  /** As PutEvents takes entries; answers as it does. For the scheduler's and the state machines' calls, without HTTP. */
  putEvents(entries: readonly JsonObject[]): Promise<JsonObject>;
}
