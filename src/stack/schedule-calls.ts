/**
 * The calls that schedules make: templates reach functions, queues, topics and machines as rules do, and universal targets
 * the API as state machines do.
 */
import { randomUUID } from "node:crypto";
import type { JsonObject } from "../config/json.js";
import { AwsError } from "../services/kit/aws-error.js";
import { jsonRefusal } from "../services/kit/json-refusal.js";
import { send, type TargetServices } from "../sources/eventbridge/targets.js";
import type { ApiRequest } from "../sources/schedule/requests.js";
import type { ServiceAddress, ServiceName } from "./backends/endpoints.js";
import type { IntegrationClients } from "./tasks/clients/service-clients.js";
import { SDK_SERVICES } from "./tasks/clients/services.js";
import { operationOf, ServiceFault } from "./tasks/service-call.js";

export interface ScheduleCallOptions {
  readonly targets: () => TargetServices;
  readonly address: (service: ServiceName) => ServiceAddress;
  /** As PutEvents takes entries; answers as it does. */
  readonly putEvents: (entries: readonly Record<string, unknown>[]) => Promise<Readonly<Record<string, unknown>>>;
}

/** Why there is no calling this; undefined when there is. Whether a service has an action shows at its call. */
export const callRefusal = (service: string, action: string): string | undefined =>
  SDK_SERVICES.has(service) ? undefined : `lambda-run cannot call ${service}:${action}: ${service} is not emulated.`;

export class ScheduleCalls {
  readonly #options: ScheduleCallOptions;
  readonly #closing = new AbortController();
  #clients: Promise<IntegrationClients> | undefined;

  constructor(options: ScheduleCallOptions) {
    this.#options = options;
  }

  /** Rejects with an AwsError when the service answers with an error. */
  async call({ service, action, parameters, template }: ApiRequest): Promise<void> {
    if (template === undefined) return this.#callApi(service, action, parameters as JsonObject);
    if (service === "eventbridge") return this.#putEvents(parameters);
    if (service === "lambda") refuseBadEvent(template.input);
    await send(
      {
        ...template,
        eventId: randomUUID(),
        executionName: randomUUID(),
        forwarded: false,
        traceHeader: undefined,
      },
      this.#options.targets(),
      this.#closing.signal,
    );
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await (await this.#clients)?.close();
  }

  async #putEvents(parameters: ApiRequest["parameters"]): Promise<void> {
    const entries = parameters["Entries"] as readonly Record<string, unknown>[];
    const { Entries: results } = await this.#options.putEvents(entries);
    const [result] = results as readonly { readonly ErrorCode?: string; readonly ErrorMessage?: string }[];
    if (result?.ErrorCode !== undefined) throw new AwsError(result.ErrorCode, result.ErrorMessage ?? "");
  }

  async #callApi(service: string, action: string, parameters: JsonObject): Promise<void> {
    this.#clients ??= import("./tasks/clients/service-clients.js").then(
      ({ IntegrationClients }) => new IntegrationClients(this.#options.address),
    );
    const client = await (await this.#clients).of(service);
    const operation = operationOf(action);
    if (!client.hasOperation(operation))
      throw new AwsError("UnknownOperationException", `The operation ${operation} is not emulated by lambda-run.`);
    try {
      await client.call(operation, parameters, this.#closing.signal, "java");
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      const { code, message = code, statusCode } = error.parts;
      throw new AwsError(code, message, { statusCode, cause: error });
    }
  }
}

/** As Invoke does. */
function refuseBadEvent(text: string): void {
  const reason = jsonRefusal(text, true);
  if (reason === undefined) return;
  throw new AwsError(
    "InvalidRequestContentException",
    `Could not parse request body into json: Could not parse payload into json: ${reason}`,
  );
}
