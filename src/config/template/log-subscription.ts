/**
 * Subscription filters: what a log group hands to a function. From AWS::Logs::SubscriptionFilter and from SAM's event.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-subscriptionfilter.html
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-cloudwatchlogs.html
 */
import * as z from "zod";
import { functionTargetOf } from "./build-context.js";
import type { Builder } from "./build-context.js";
import { ignored, readProperties, text } from "./property.js";

export const logsEvent = z.looseObject({ LogGroupName: text(), FilterPattern: text() });

const subscriptionFilter = z.object({
  DestinationArn: text(),
  FilterName: text().optional(),
  FilterPattern: text(),
  LogGroupName: text(),
  ...ignored("ApplyOnTransformedLogs", "Distribution", "EmitSystemFields", "FieldSelectionCriteria", "RoleArn"),
});

export const buildSubscriptionFilter: Builder = (resource, context) => {
  // SAM's events say the rest of theirs.
  if (resource.implicit) return;
  const { draft, scope } = context;
  const { logicalId: eventId } = resource;
  const properties = readProperties(resource, subscriptionFilter, scope);
  const { DestinationArn: destinationArn, FilterPattern: filterPattern, LogGroupName: logGroupName } = properties;
  const target = functionTargetOf(destinationArn, context);
  if (target === undefined) {
    scope.problems.notice(`${eventId}: ${destinationArn} is not a function of this template; it gets no log events.`);
    return;
  }
  const filterName = scope.nameOf(eventId, scope.usageOf(resource));
  draft.eventSources.push({
    kind: "logs",
    ...target,
    eventId,
    logGroupName,
    filterName,
    filterPattern,
    destinationArn,
  });
};
