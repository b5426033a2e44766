/** What of an application the embedded services hold: nothing of a service that lives on another server. */
import type { Application } from "../../config/application.js";
import type { ForeignEndpoints } from "./endpoints.js";

export function embeddedPart(application: Application, foreign: ForeignEndpoints): Application {
  if (foreign.size === 0) return application;
  return {
    ...application,
    ...(foreign.has("s3") ? { buckets: [] } : {}),
    ...(foreign.has("sqs") ? { queues: [] } : {}),
    ...(foreign.has("sns") ? { topics: [] } : {}),
    ...(foreign.has("dynamodb") ? { tables: [] } : {}),
    ...(foreign.has("kinesis") ? { streams: [] } : {}),
    ...(foreign.has("secretsmanager") ? { secrets: [] } : {}),
    ...(foreign.has("ssm") ? { parameters: [] } : {}),
    ...(foreign.has("events") ? { eventBuses: [], connections: [], apiDestinations: [], rules: [] } : {}),
    ...(foreign.has("scheduler") ? { scheduleGroups: [], schedules: [] } : {}),
    ...(foreign.has("states") ? { stateMachines: [], activities: [] } : {}),
  };
}
