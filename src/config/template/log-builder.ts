/**
 * Subscription filters of log groups: AWS::Logs::SubscriptionFilter, and what SAM makes of a function's CloudWatchLogs event.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-subscriptionfilter.html
 */
import * as z from "zod";
import type { LogSubscriptionConfig } from "../application.js";
import { functionTargetOf, serviceOf } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import type { Event } from "./event.js";
import { ignored, readAt, readProperties, refuse, text } from "./property.js";
import type { TemplateResource } from "./resource.js";

/** "Each log group can have up to two subscription filters associated with it." */
const MAX_FILTERS = 2;

const filterProperties = z.object({
  FilterName: text().optional(),
  LogGroupName: text(),
  FilterPattern: text(),
  DestinationArn: text(),
  ...ignored("ApplyOnTransformedLogs", "Distribution", "EmitSystemFields", "FieldSelectionCriteria", "RoleArn"),
});

export const buildSubscriptionFilter: Builder = (resource, context) => {
  const {
    DestinationArn: destinationArn,
    FilterPattern: filterPattern,
    LogGroupName: logGroupName,
  } = readProperties(resource, filterProperties, context.scope);
  const { logicalId } = resource;
  const { scope } = context;
  if (serviceOf(destinationArn) !== "lambda") {
    scope.problems.notice(
      `${logicalId} delivers nothing here: subscription filters reach functions, and ${destinationArn} is none.`,
    );
    return;
  }
  add(resource, context, {
    logicalId,
    name: scope.nameOf(logicalId, scope.usageOf(resource)),
    arn: `${logGroupName}:${logicalId}`,
    logGroupName,
    filterPattern,
    destinationArn,
  });
  const fn = functionTargetOf(destinationArn, context);
  if (fn !== undefined)
    context.draft.eventSources.push({ kind: "logs", ...fn, eventId: logicalId, logGroupName, filterPattern });
};

const logsEvent = z.object({ LogGroupName: text(), FilterPattern: text() });

export function logsEventOf({
  context,
  eventId,
  from,
  functionId,
  place,
  properties,
  resource,
  targetArn,
}: Event): void {
  const { FilterPattern: filterPattern, LogGroupName: logGroupName } = readAt(logsEvent, properties, place);
  const logicalId = `${functionId}${eventId}`;
  const arn = `${logGroupName}:${logicalId}`;
  add(resource, context, { logicalId, name: logicalId, arn, logGroupName, filterPattern, destinationArn: targetArn });
  context.draft.eventSources.push({ kind: "logs", ...from, logGroupName, filterPattern });
}

function add(resource: TemplateResource, { draft, scope }: BuildContext, filter: LogSubscriptionConfig): void {
  const { logGroupName, logicalId } = filter;
  if (draft.logSubscriptions.filter((other) => other.logGroupName === logGroupName).length >= MAX_FILTERS)
    throw refuse(
      { resource, scope, path: [] },
      `${logicalId} is one subscription filter too many for the log group ${logGroupName}`,
      `A log group has at most ${MAX_FILTERS}`,
      "Have one function do the work of two of them.",
    );
  draft.logSubscriptions.push(filter);
}
