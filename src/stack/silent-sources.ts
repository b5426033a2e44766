/**
 * What a template declares and nothing fires here. It is said by name when a stack starts: whoever waits for it would
 * look for the fault in his own code.
 */
import type { Application } from "../config/application.js";
import { parseArn } from "../shared/arn.js";

/** One sentence for each. */
export function silentSources(application: Application): string[] {
  const { apis, eventSources, functions } = application;
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
  return [...qualifiers, ...accessLogs];
}
