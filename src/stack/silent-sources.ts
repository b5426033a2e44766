/**
 * What a template declares and nothing fires here. It is said by name when a stack starts: whoever drops a file and waits
 * for a rule or a subscription would look for the fault in his own code.
 */
import type { Application } from "../config/application.js";
import type { EventSource } from "../config/event-source.js";
import { parseArn } from "../shared/arn.js";

const SILENT: Readonly<Partial<Record<EventSource["kind"], string>>> = {
  dynamodb: "DynamoDB streams",
  kinesis: "Kinesis streams",
  schedule: "schedules",
  eventbridge: "EventBridge rules",
};

/** One sentence for each. */
export function silentSources({ apis, eventSources, buckets }: Application): string[] {
  const triggers = eventSources.flatMap(({ kind, functionId, eventId }) => {
    const name = SILENT[kind];
    return name === undefined ? [] : [`${functionId} is not fired by ${eventId}: ${name} are not emulated yet.`];
  });
  const webSockets = apis.flatMap(({ kind, logicalId }) => {
    if (kind !== "websocket") return [];
    const keys = eventSources.flatMap((source) =>
      source.kind === "webSocket" && source.apiId === logicalId ? [source.routeKey] : [],
    );
    const routes = keys.length === 0 ? "" : `; its routes (${keys.join(", ")}) fire nothing`;
    return [`WebSocket API ${logicalId} is refused: WebSocket APIs are not emulated${routes}.`];
  });
  const accessLogs = apis.flatMap(({ logicalId, settings: { accessLog } }) =>
    accessLog === undefined || parseArn(accessLog.destinationArn)?.service === "logs"
      ? []
      : [`Access logs of the API ${logicalId} are dropped: ${accessLog.destinationArn} is no log group.`],
  );
  const announcements = buckets.flatMap(({ name, eventBridge }) =>
    eventBridge
      ? [`Notifications of bucket ${name} to EventBridge reach no rule: EventBridge rules are not emulated yet.`]
      : [],
  );
  return [...triggers, ...webSockets, ...accessLogs, ...announcements];
}
