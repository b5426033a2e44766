/**
 * What a template declares and nothing fires here, alarms among it. It is said by name when a stack starts: whoever waits for it would
 * look for the fault in his own code.
 */
import type { Application } from "../config/application.js";
import type { EventSource } from "../config/event-source.js";
import { parseArn } from "../shared/arn.js";

const SILENT: Readonly<Partial<Record<EventSource["kind"], string>>> = {
  kinesis: "event source mappings of Kinesis streams",
};

/** What a stack measures by itself (telemetry.ts); nobody else may put values into `AWS/` namespaces. */
const MEASURED: Readonly<Record<string, readonly string[]>> = {
  "AWS/Lambda": ["Invocations", "Errors", "Duration", "Throttles"],
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
  const triggers = eventSources.flatMap(({ kind, functionId, eventId }) => {
    const name = SILENT[kind];
    return name === undefined ? [] : [`${functionId} is not fired by ${eventId}: ${name} are not emulated yet.`];
  });
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
  const blindAlarms = alarms.flatMap(({ logicalId, metricName = "", namespace = "" }) =>
    !namespace.startsWith("AWS/") || MEASURED[namespace]?.includes(metricName) === true
      ? []
      : [`Alarm ${logicalId} never sees a value: ${metricName} of ${namespace} is not measured here.`],
  );
  return [...triggers, ...qualifiers, ...accessLogs, ...blindAlarms];
}
