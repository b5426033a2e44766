/** Targets of rules and schedules, whichever way they are written. */
import type { RuleTarget } from "../event-source.js";
import type { TargetProperties } from "./event-schema.js";

/** EventBridge tries for a day, 185 times. */
const DEFAULT_RETRY_ATTEMPTS = 185;
const DEFAULT_EVENT_AGE_SECONDS = 86_400;

export function targetOf(id: string, arn: string, properties: TargetProperties, messageGroupId?: string): RuleTarget {
  const { DeadLetterConfig, Input, InputPath, InputTransformer, RetryPolicy } = properties;
  return {
    id,
    arn,
    input: Input,
    inputPath: InputPath,
    inputTransformer: InputTransformer && {
      pathsMap: InputTransformer.InputPathsMap,
      template: InputTransformer.InputTemplate,
    },
    maximumRetryAttempts: RetryPolicy?.MaximumRetryAttempts ?? DEFAULT_RETRY_ATTEMPTS,
    maximumEventAgeSeconds: RetryPolicy?.MaximumEventAgeInSeconds ?? DEFAULT_EVENT_AGE_SECONDS,
    deadLetterTargetArn: DeadLetterConfig?.Arn,
    messageGroupId,
  };
}

/** Name of the bus in a bus ARN; names pass through. */
export const busNameOf = (nameOrArn: string | undefined): string =>
  (nameOrArn ?? "default").replace(/^arn:.*:event-bus\//, "");
