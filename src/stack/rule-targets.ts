/** What the rules of EventBridge reach of a stack. */
import { AwsError } from "../services/kit/aws-error.js";
import type { EventsAdmin } from "../services/events/admin.js";
import type { KinesisAdmin } from "../services/kinesis/index.js";
import type { LogsService } from "../services/logs/index.js";
import type { EmbeddedService } from "../services/service.js";
import type { SnsAdmin } from "../services/sns/index.js";
import type { StatesAdmin } from "../services/states/index.js";
import type { Clock } from "../shared/clock.js";
import type { TargetServices } from "../sources/eventbridge/targets.js";
import type { Activity } from "./activity.js";

/** For calls of other people's servers. */
export interface OutsideCalls {
  readonly activity: Activity;
  /** Where a URL of the stack is on this machine. */
  readonly localUrl: (url: string) => string;
}

export interface RuleTargetOptions extends Pick<TargetServices, "queues" | "invoker" | "knowsFunction"> {
  readonly clock: Clock;
  readonly outside: OutsideCalls;
  readonly service: (name: string) => Promise<EmbeddedService>;
}

export function ruleTargets({ service, clock, outside, ...given }: RuleTargetOptions): TargetServices {
  const { activity, localUrl } = outside;
  const events = async (): Promise<EventsAdmin> => (await service("events")) as EmbeddedService & EventsAdmin;
  return {
    ...given,
    destinations: {
      clock,
      localUrl,
      find: async (arn) => (await events()).apiDestination(arn),
      access: (connectionArn, signal) =>
        activity.during(async () => (await events()).connectionAccess(connectionArn, signal)),
      refused: async (connectionArn) => (await events()).connectionRefused(connectionArn),
      call: (request) => activity.during(async () => (await import("../services/kit/http-call.js")).callHttp(request)),
    },
    publish: async (topicArn, message, more) =>
      ((await service("sns")) as EmbeddedService & SnsAdmin).publish(topicArn, message, more),
    startExecution: async (start) => ((await service("states")) as EmbeddedService & StatesAdmin).startExecution(start),
    putEvent: async (busName, event, more) => (await events()).putEvent(busName, event, more),
    putRecord: async (streamArn, data, partitionKey) =>
      ((await service("kinesis")) as EmbeddedService & KinesisAdmin).putRecord(streamArn, {
        data: Buffer.from(data),
        partitionKey,
      }),
    writeLog: async (groupName, streamName, message) => {
      const logs = (await service("logs")) as LogsService;
      if (!logs.groupExists(groupName))
        throw new AwsError("ResourceNotFoundException", "The specified log group does not exist.");
      await logs.append(groupName, streamName, [{ timestampMs: clock.now(), message }]);
    },
  };
}
