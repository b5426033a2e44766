/** EventBridge alone, its client, and what became due. */
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand, type Target } from "@aws-sdk/client-eventbridge";
import { createEventsService, type EventsAdmin } from "../../../src/services/events/index.js";
import type { EmbeddedService } from "../../../src/services/service.js";
import type { RuleMatch } from "../../../src/shared/bus.js";
import { serveService, type ServedService } from "../harness.js";

export const QUEUE = "arn:aws:sqs:us-east-1:000000000000:";
export const BUS = "arn:aws:events:us-east-1:000000000000:event-bus/";
export const RULE = "arn:aws:events:us-east-1:000000000000:rule/";

export interface Events {
  readonly served: ServedService<EmbeddedService & EventsAdmin>;
  readonly client: EventBridgeClient;
  readonly due: RuleMatch[];
  rule(Name: string, pattern: unknown, more?: object): Promise<string>;
  target(Rule: string, target: Partial<Target>, more?: object): Promise<unknown>;
  stop(): Promise<void>;
}

export async function serveEvents(): Promise<Events> {
  const served = await serveService(createEventsService);
  const client = new EventBridgeClient(served.client);
  const due: RuleMatch[] = [];
  served.bus.on("RuleMatched", (match) => due.push(match));
  return {
    served,
    client,
    due,
    rule: async (Name, pattern, more = {}) =>
      (await client.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify(pattern), ...more }))).RuleArn ?? "",
    target: (Rule, target, more = {}) =>
      client.send(new PutTargetsCommand({ Rule, Targets: [{ Id: "t", Arn: `${QUEUE}q`, ...target }], ...more })),
    stop: async () => {
      client.destroy();
      await served.stop();
    },
  };
}

/** Name and text of what AWS would throw. */
export const refusal = (call: Promise<unknown>): Promise<readonly [string, string] | "no refusal"> =>
  call.then(
    () => "no refusal" as const,
    (error: Error) => [error.name, error.message] as const,
  );
