/**
 * What a template declares and nothing fires here. It is said by name when a stack starts: whoever waits for it would
 * look for the fault in his own code.
 */
import type { Application } from "../config/application.js";
import type { EventSource } from "../config/event-source.js";
import { parseArn } from "../shared/arn.js";

const SILENT: Readonly<Partial<Record<EventSource["kind"], string>>> = {
  kinesis: "event source mappings of Kinesis streams",
};

/** One sentence for each. */
export function silentSources(application: Application): string[] {
  const { apis, eventSources, functions } = application;
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
  const unqualified = eventSources.flatMap(({ functionId, eventId, qualifier }) =>
    qualifier !== undefined || functions.find(({ logicalId }) => logicalId === functionId)?.durable === undefined
      ? []
      : [
          `${functionId} is not fired by ${eventId}: a durable function is invoked by a version or alias (AutoPublishAlias makes one).`,
        ],
  );
  return [...triggers, ...unqualified, ...qualifiers, ...accessLogs];
}
