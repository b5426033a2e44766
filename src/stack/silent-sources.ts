/**
 * What a template declares and nothing fires here, alarms among it. It is said by name when a stack starts: whoever waits for it would
 * look for the fault in his own code.
 */
import type { Application } from "../config/application.js";
import type { EventSource } from "../config/event-source.js";
import type { DurableConfig } from "../config/function-config.js";
import { parseArn } from "../shared/arn.js";
import { LAMBDA } from "../shared/aws-limits.js";

/** They wait for the answer. */
const WAITING: ReadonlySet<EventSource["kind"]> = new Set([
  "sqs",
  "dynamodb",
  "kinesis",
  "webSocket",
  "httpApi",
  "restApi",
  "functionUrl",
]);

/** Why Lambda refuses what a source sends to a durable function. */
function refusalOf({ executionTimeoutSeconds }: DurableConfig, { kind, qualifier }: EventSource): string | undefined {
  if (qualifier === undefined)
    return "a durable function is invoked by a version or alias (AutoPublishAlias makes one)";
  return WAITING.has(kind) && executionTimeoutSeconds > LAMBDA.durableSyncSeconds
    ? `its ExecutionTimeout is ${executionTimeoutSeconds} s, and who waits for an answer waits ${LAMBDA.durableSyncSeconds} s at most`
    : undefined;
}

/** What a stack measures by itself (telemetry.ts); nobody else may put values into `AWS/` namespaces. */
const MEASURED: Readonly<Record<string, readonly string[]>> = {
  "AWS/Lambda": ["Invocations", "Errors", "Duration", "Throttles", "ConcurrentExecutions"],
  "AWS/States": [
    "ExecutionsStarted",
    "ExecutionsSucceeded",
    "ExecutionsFailed",
    "ExecutionsTimedOut",
    "ExecutionsAborted",
    "ExecutionTime",
  ],
  "AWS/SQS": [
    "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateAgeOfOldestMessage",
  ],
};

/** One sentence for each. */
export function silentSources(application: Application): string[] {
  const { alarms, apis, eventSources, functions } = application;
  const unpublished = new Set(
    eventSources.flatMap(({ functionId, qualifier }) => {
      const { published } = functions.find(({ logicalId }) => logicalId === functionId) ?? {};
      const known = ["$LATEST", ...(published?.versions ?? []), ...(published?.aliases ?? []).map(({ name }) => name)];
      return qualifier === undefined || known.includes(qualifier) ? [] : [`${functionId}:${qualifier}`];
    }),
  );
  const qualifiers = [...unpublished].map(
    (name) => `${name} is no version and no alias of the template: what names it fails until the Lambda API makes it.`,
  );
  const accessLogs = apis.flatMap(({ logicalId, settings: { accessLog } }) =>
    accessLog === undefined || parseArn(accessLog.destinationArn)?.service === "logs"
      ? []
      : [`Access logs of the API ${logicalId} are dropped: ${accessLog.destinationArn} is no log group.`],
  );
  const durables = eventSources.flatMap((source) => {
    const { functionId, eventId } = source;
    const durable = functions.find(({ logicalId }) => logicalId === functionId)?.durable;
    const why = durable && refusalOf(durable, source);
    return why === undefined ? [] : [`${functionId} is not fired by ${eventId}: ${why}.`];
  });
  const blindAlarms = alarms.flatMap(({ logicalId, metricName = "", namespace = "" }) =>
    !namespace.startsWith("AWS/") || MEASURED[namespace]?.includes(metricName) === true
      ? []
      : [`Alarm ${logicalId} never sees a value: ${metricName} of ${namespace} is not measured here.`],
  );
  return [...durables, ...qualifiers, ...accessLogs, ...blindAlarms];
}
