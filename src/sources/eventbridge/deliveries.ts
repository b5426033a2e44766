/**
 * Brings events to the targets of the rules that they match. A delivery is kept in the transaction in which the event came,
 * and goes when its target has it, has refused it for good, or its retry policy is spent; then it is a dead letter.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 */
import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { AwsError } from "../../services/kit/aws-error.js";
import type { StateStore } from "../../services/kit/state-store.js";
import type { Bus, RuleMatch } from "../../shared/bus.js";
import type { Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { backOff, RetryQueue, type Failure } from "../retry-queue.js";
import { DestinationError } from "./destination-error.js";
import { filledParameters, type TargetHttpParameters } from "./http-parameters.js";
import { partitionKeyOf, targetInput } from "./input.js";
import { RateLimits } from "./rate-limits.js";
import { errorCodeOf, isApiDestination, isFinal, send, type Sending, type TargetServices } from "./targets.js";

export interface RuleDeliveryOptions extends TargetServices {
  readonly store: StateStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Delivery extends Sending {
  readonly ruleArn: string;
  readonly retry: { readonly attempts: number; readonly ageSeconds: number };
  readonly deadLetterArn: string | undefined;
}

const DEFAULT_RETRY = { attempts: 185, ageSeconds: 86_400 } as const;

export class RuleDeliveries {
  readonly #options: RuleDeliveryOptions;
  readonly #queue: RetryQueue<Delivery>;
  readonly #rates = new RateLimits();
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;

  /** Goes on with the deliveries that an earlier process left. */
  constructor(options: RuleDeliveryOptions) {
    const { store, clock, log, bus } = options;
    this.#options = options;
    // One for each event that is on its way.
    setMaxListeners(0, this.#closing.signal);
    this.#queue = new RetryQueue<Delivery>({
      store,
      clock,
      log,
      table: "eventbridge-deliveries",
      policyOf: ({ retry }) => ({ maximumRetryAttempts: retry.attempts, maximumAgeSeconds: retry.ageSeconds }),
      slotMs: (delivery) => this.#slot(delivery),
      deliver: (delivery) => send(delivery, options, this.#closing.signal),
      isFinal,
      // "The more conservative value" of the two.
      delayMs: (retries, error) =>
        Math.max(backOff(retries), error instanceof DestinationError ? (error.retryAfterMs ?? 0) : 0),
      failed: (delivery, failure) => this.#failed(delivery, failure),
    });
    this.#unsubscribe = bus.on("RuleMatched", (match) => this.#queue.put(deliveryOf(match), match.ingestionTimeMs));
  }

  /** Resolves when everything that has come so far is with its target, or waits for the clock. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  get busy(): boolean {
    return this.#queue.busy;
  }

  reset(): Promise<void> {
    this.#rates.clear();
    return this.#queue.reset();
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#closing.abort();
    await this.#queue.close();
  }

  /** An API destination is called no more often than it says. */
  async #slot({ targetArn }: Delivery): Promise<number | undefined> {
    if (!isApiDestination(targetArn)) return undefined;
    const { destinations, clock } = this.#options;
    const destination = await destinations.find(targetArn);
    return destination && this.#rates.slot(targetArn, destination.ratePerSecond, clock.now());
  }

  /** To the dead-letter queue of the target, else to the log. */
  async #failed(delivery: Delivery, failure: Failure): Promise<void> {
    const { queues, log } = this.#options;
    const { ruleArn, targetArn, deadLetterArn, input } = delivery;
    const reason = failure.error === undefined ? "it is too old" : messageOf(failure.error);
    if (deadLetterArn === undefined) {
      log.warn({ rule: ruleArn, target: targetArn, reason }, "an event could not be delivered and is dropped");
      return;
    }
    try {
      await (
        await queues()
      ).sendMessage(deadLetterArn, { body: input, attributes: deadLetterAttributes(delivery, failure) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      log.warn(
        { rule: ruleArn, queue: deadLetterArn, code: error.code, reason },
        "a dead-letter queue of a rule refused",
      );
    }
  }
}

/** As PutTargets has checked it. */
interface Target {
  readonly Arn: string;
  readonly SqsParameters?: { readonly MessageGroupId?: string };
  readonly RetryPolicy?: { readonly MaximumRetryAttempts?: number; readonly MaximumEventAgeInSeconds?: number };
  readonly DeadLetterConfig?: { readonly Arn?: string };
  readonly HttpParameters?: TargetHttpParameters;
}

function deliveryOf(match: RuleMatch): Delivery {
  const target = match.target as unknown as Target;
  return {
    ruleArn: match.ruleArn,
    targetArn: target.Arn,
    input: targetInput(match),
    eventId: match.eventId,
    // As AWS names them: an event may start a machine by several rules, and once more when it is replayed.
    executionName: `${match.eventId}_${randomUUID()}`,
    groupId: target.SqsParameters?.MessageGroupId,
    partitionKey: partitionKeyOf(match),
    retry: {
      attempts: target.RetryPolicy?.MaximumRetryAttempts ?? DEFAULT_RETRY.attempts,
      ageSeconds: target.RetryPolicy?.MaximumEventAgeInSeconds ?? DEFAULT_RETRY.ageSeconds,
    },
    deadLetterArn: target.DeadLetterConfig?.Arn,
    forwarded: match.forwarded,
    traceHeader: match.traceHeader,
    http: target.HttpParameters === undefined ? undefined : filledParameters(target.HttpParameters, match.event),
  };
}

const text = (stringValue: string): { readonly dataType: "String"; readonly stringValue: string } => ({
  dataType: "String",
  stringValue,
});

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html */
function deadLetterAttributes(
  { ruleArn, targetArn }: Delivery,
  { error, retries, exhausted }: Failure,
): Readonly<Record<string, ReturnType<typeof text>>> {
  return {
    RULE_ARN: text(ruleArn),
    TARGET_ARN: text(targetArn),
    ERROR_CODE: text(errorCodeOf(error)),
    ERROR_MESSAGE: text(error === undefined ? "The event is too old." : messageOf(error)),
    ...(exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: text(exhausted) }),
    RETRY_ATTEMPTS: text(String(retries)),
  };
}
