/** Targets of rules and schedules, whichever way they are written. */
import type { RuleTarget } from "../event-source.js";
import type { Json } from "../json.js";
import { childOf, textOf } from "./node.js";
import type { MapNode, TemplateNode } from "./node.js";

/** Without members that are not given. */
export function targetOf(id: string, arn: string, members: Readonly<Record<string, unknown>>): RuleTarget {
  const given = Object.entries(members).filter(
    ([name, value]) => value !== undefined && name !== "Id" && name !== "Arn",
  );
  return { id, arn, parameters: Object.fromEntries(given) as Readonly<Record<string, Json>> };
}

/** Name of the bus in a bus ARN; names pass through. */
export const busNameOf = (nameOrArn: string | undefined): string =>
  (nameOrArn ?? "default").replace(/^arn:.*:event-bus\//, "");

/** Logical id of the queue that SAM makes for the dead letters of an event's rule or schedule, if it is to make one. */
export function generatedDeadLetterQueue(
  ruleId: string,
  event: TemplateNode | MapNode | undefined,
): string | undefined {
  const config = childOf(event, "DeadLetterConfig");
  if (textOf(childOf(config, "Type")) !== "SQS" || childOf(config, "Arn") !== undefined) return undefined;
  return textOf(childOf(config, "QueueLogicalId")) ?? `${ruleId}Queue`;
}
