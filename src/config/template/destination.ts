/**
 * The queues and topics that SAM makes for asynchronous results where EventInvokeConfig gives a Type and no Destination.
 * Templates refer to them as `<Function>.DestinationQueue` and `<Function>.DestinationTopic`.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-onfailure.html
 */
import { childOf, textOf } from "./node.js";
import type { MapNode } from "./node.js";

const DELIVERIES = ["OnSuccess", "OnFailure"] as const;
export type Delivery = (typeof DELIVERIES)[number];

interface Kind {
  readonly resourceType: string;
  /** End of the logical id. */
  readonly suffix: string;
  readonly arnAttribute: string;
}
const KINDS: ReadonlyMap<string | undefined, Kind> = new Map([
  ["SQS", { resourceType: "AWS::SQS::Queue", suffix: "Queue", arnAttribute: "Arn" }],
  ["SNS", { resourceType: "AWS::SNS::Topic", suffix: "Topic", arnAttribute: "TopicArn" }],
]);

const idOf = (functionId: string, delivery: Delivery, { suffix }: Kind): string =>
  `${functionId}EventInvokeConfig${delivery}${suffix}`;

/** What is made for a function with these properties. */
export function generatedDestinations(
  functionId: string,
  properties: MapNode,
): { readonly logicalId: string; readonly resourceType: string }[] {
  const settings = childOf(childOf(properties, "EventInvokeConfig"), "DestinationConfig");
  return DELIVERIES.flatMap((delivery) => {
    const target = childOf(settings, delivery);
    const kind = KINDS.get(textOf(childOf(target, "Type")));
    if (kind === undefined || childOf(target, "Destination") !== undefined) return [];
    return [{ logicalId: idOf(functionId, delivery, kind), resourceType: kind.resourceType }];
  });
}

/** The one that stands in for a Destination that is not given, and the attribute that is its ARN. */
export function generatedDestination(
  functionId: string,
  delivery: Delivery,
  type: string | undefined,
): { readonly logicalId: string; readonly arnAttribute: string } | undefined {
  const kind = KINDS.get(type);
  return kind && { logicalId: idOf(functionId, delivery, kind), arnAttribute: kind.arnAttribute };
}

/** Logical ids that `DestinationQueue` or `DestinationTopic` of a function may stand for; none for another property. */
export function destinationsReferredTo(functionId: string, property: string): string[] {
  return [...KINDS.values()]
    .filter(({ suffix }) => property === `Destination${suffix}`)
    .flatMap((kind) => DELIVERIES.map((delivery) => idOf(functionId, delivery, kind)));
}
