/**
 * What the history says of a task. Functions and activities that stand as the resource have events of their own kinds.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import type { Deadlines } from "./deadlines.js";
import { present, shownInput, shownOutput } from "./history.js";
import { actionText } from "./resource.js";
import type { Step } from "./run.js";
import type { Failure } from "./states-error.js";
import type { TaskResource } from "./task-runner.js";

type Phase = "Scheduled" | "Started" | "Submitted" | "Succeeded" | "Failed" | "TimedOut";

const PREFIXES = { function: "LambdaFunction", activity: "Activity", service: "Task" } as const;
const REGION_OF_ARN = 3;

export class TaskEvents {
  readonly #step: Step;
  readonly #resource: TaskResource;
  /** `resourceType` and `resource` stand in all events of a service. */
  readonly #service: JsonObject;

  constructor(step: Step, resource: TaskResource) {
    this.#step = step;
    this.#resource = resource;
    this.#service =
      resource.kind === "service"
        ? { resourceType: resource.service, resource: actionText(resource.action, resource.pattern) }
        : {};
  }

  scheduled(
    parameters: Json,
    { timeoutSeconds, heartbeatSeconds }: Deadlines,
    credentials: JsonObject | undefined,
  ): void {
    const roleArn = credentials?.["RoleArn"];
    const given = {
      timeoutInSeconds: timeoutSeconds,
      heartbeatInSeconds: heartbeatSeconds,
      taskCredentials: roleArn === undefined ? undefined : { roleArn },
    };
    if (this.#resource.kind === "service") {
      const region = this.#step.run.executionArn.split(":")[REGION_OF_ARN] ?? "";
      this.#record("Scheduled", { parameters: JSON.stringify(parameters), region, ...given });
    } else {
      this.#record("Scheduled", { resource: this.#resource.arn, ...shownInput(parameters), ...given });
    }
  }

  /** Of functions and services at once; of an activity when a worker has taken it. */
  started(workerName?: string): void {
    if (this.#resource.kind === "activity") this.#record("Started", { workerName });
    // Of a function's start there are no details.
    else this.#record("Started", this.#resource.kind === "service" ? {} : undefined);
  }

  submitted(output: Json): void {
    this.#record("Submitted", shownOutput(output));
  }

  succeeded(output: Json): void {
    this.#record("Succeeded", shownOutput(output));
  }

  failed(phase: "Failed" | "TimedOut", { error, cause }: Failure): void {
    this.#record(phase, { error, cause });
  }

  #record(phase: Phase, details: Readonly<Record<string, Json | undefined>> | undefined): void {
    const { run, frame } = this.#step;
    const type = `${PREFIXES[this.#resource.kind]}${phase}`;
    const member = `${type[0]?.toLowerCase()}${type.slice(1)}EventDetails`;
    run.history.record(frame, type, details && [member, present(Object.assign({}, details, this.#service))]);
  }
}
