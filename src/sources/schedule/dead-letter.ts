/**
 * What the dead-letter queue of a schedule gets: the request that the target has not taken, and why.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
 */
import { AwsError } from "../../services/kit/aws-error.js";
import type { Realm } from "../../shared/arn.js";
import type { Failure } from "../retry-queue.js";
import type { OutgoingMessage } from "../sqs/queue-sender.js";
import { attemptOf, InvalidInput, requestOf, shownTime, type ApiRequest, type Invocation } from "./requests.js";

/** AWS's words where no service has answered. */
const NO_ANSWER = {
  code: "AWS.Scheduler.InternalServerError",
  message: "Unexpected error occurred while processing the request",
};

export function deadLetter(
  invocation: Invocation,
  { error, retries, exhausted }: Failure,
  realm: Realm,
): OutgoingMessage {
  const { code, message } = error instanceof AwsError ? error : NO_ANSWER;
  const { scheduleArn, scheduledMs, target } = invocation;
  const attempt = attemptOf(retries + 1);
  const request = madeRequest(() => requestOf(invocation, attempt, realm));
  return {
    body: request === undefined ? (target.Input ?? "") : JSON.stringify(request.parameters),
    attributes: {
      ERROR_CODE: text(code),
      // Attributes of messages are not empty.
      ERROR_MESSAGE: text(message || code),
      EXECUTION_ID: text(attempt.executionId),
      ...(exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: text(exhausted) }),
      IS_PAYLOAD_TRUNCATED: text("false"),
      RETRY_ATTEMPTS: text(String(retries)),
      SCHEDULED_TIME: text(shownTime(scheduledMs)),
      SCHEDULE_ARN: text(scheduleArn),
      TARGET_ARN: text(
        request === undefined ? target.Arn : `arn:aws:scheduler:::aws-sdk:${request.service}:${request.action}`,
      ),
    },
  };
}

/** Undefined when the input of a universal target makes none. */
function madeRequest(make: () => ApiRequest): ApiRequest | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}

const text = (stringValue: string): { readonly dataType: "String"; readonly stringValue: string } => ({
  dataType: "String",
  stringValue,
});
