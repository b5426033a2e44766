/**
 * Does the work of Task states: functions in this process, everything else by the API of the service, wherever the stack has
 * it. Nothing is loaded before the first task that needs it.
 * https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
 *
 * IAM is not emulated: `Credentials` change nothing.
 */
import { isJsonObject, objectOf, type Json, type JsonObject } from "../../config/json.js";
import type { StatesAdmin } from "../../services/states/index.js";
import { StatesError } from "../../services/states/interpreter/states-error.js";
import type {
  TaskCall,
  TaskProgress,
  TaskResource,
  TaskRunner,
} from "../../services/states/interpreter/task-runner.js";
import type { ServiceAddress, ServiceName } from "../backends/endpoints.js";
import { API_FIELDS, apiFaults, apiInvoke, type ApiCalls } from "./api-invoke.js";
import { IntegrationClients } from "./clients/service-clients.js";
import { SDK_SERVICES } from "./clients/services.js";
import { optimisedFailure, sdkFailure } from "./failures.js";
import { outcomeOf } from "./function-outcome.js";
import { Functions, type FunctionsOptions } from "./functions.js";
import { INTEGRATIONS } from "./integrations.js";
import { LAMBDA_FIELDS, LAMBDA_NAMES, lambdaInvoke } from "./lambda-invoke.js";
import { nestedResult, startExecution, STATES_FIELDS, STATES_NAMES } from "./nested-execution.js";
import { EVENTS_FIELDS, EVENTS_NAMES, putEvents } from "./put-events.js";
import { resultMetadata } from "./result-metadata.js";
import { operationOf } from "./service-call.js";

export interface TasksOptions extends FunctionsOptions, Pick<ApiCalls, "apiUrl"> {
  readonly states: StatesAdmin;
  readonly address: (service: ServiceName) => ServiceAddress;
}

type ServiceResource = Extract<TaskResource, { kind: "service" }>;

export class StackTasks implements TaskRunner {
  readonly #options: TasksOptions;
  readonly #functions: Functions;
  readonly #clients: IntegrationClients;

  constructor(options: TasksOptions) {
    this.#options = options;
    this.#functions = new Functions(options);
    this.#clients = new IntegrationClients(options.address);
  }

  async faults(resource: TaskResource, parameters: Json): Promise<readonly string[]> {
    if (resource.kind !== "service" || !isJsonObject(parameters)) return [];
    const { service, action } = resource;
    if (service === "lambda") return fieldFaults(LAMBDA_FIELDS, ["FunctionName"], parameters);
    if (service === "states") return fieldFaults(STATES_FIELDS, ["StateMachineArn"], parameters);
    if (service === "apigateway")
      return [...fieldFaults(API_FIELDS, ["ApiEndpoint", "Method"], parameters), ...apiFaults(parameters)];
    if (service === "events") return fieldFaults(EVENTS_FIELDS, EVENTS_FIELDS, parameters);
    const integration = INTEGRATIONS.get(service);
    const client = await this.#clients.of(integration?.client ?? sdkNameOf(service));
    const operation = operationOf(action);
    if (client === undefined || !client.hasOperation(operation)) return [];
    const withheld = integration?.actions[action]?.filter((name) => name in parameters) ?? [];
    return [...withheld.map(unsupported), ...client.faults(operation, parameters)];
  }

  async run(call: TaskCall, progress: TaskProgress, signal: AbortSignal): Promise<Json> {
    const { resource } = call;
    switch (resource.kind) {
      case "activity":
        return this.#options.states.activity(call, progress, signal);
      case "function":
        return this.#runFunction(resource.arn, call.parameters);
      case "service":
        return this.#runService(resource, call, progress, signal);
    }
  }

  close(): Promise<void> {
    return this.#clients.close();
  }

  async #runFunction(functionName: string, event: Json): Promise<Json> {
    try {
      return outcomeOf(await this.#functions.run({ functionName, payload: Buffer.from(JSON.stringify(event)) }));
    } catch (error) {
      throw asFailure(error, (other) => optimisedFailure(LAMBDA_NAMES, other));
    }
  }

  async #runService(
    resource: ServiceResource,
    call: TaskCall,
    progress: TaskProgress,
    signal: AbortSignal,
  ): Promise<Json> {
    const { service, action, pattern } = resource;
    const request = (): Promise<Json> => this.#request(service, action, call, signal);
    if (pattern === "request-response") return request();
    if (pattern === "waitForTaskToken") return this.#withCallback(call, request, progress, signal);
    if (service !== "states" || action !== "startExecution") throw notEmulated(`${service}:${action}.${pattern}`);
    const states = this.#options.states;
    const started = await this.#startExecution(states, call);
    progress.submitted(started.output);
    return nestedResult(states, started, pattern, call.executionArn, signal);
  }

  /** The answer may come before the request has been answered. */
  async #withCallback(
    { token }: TaskCall,
    request: () => Promise<Json>,
    progress: TaskProgress,
    signal: AbortSignal,
  ): Promise<Json> {
    if (token === undefined) throw new Error("a task that waits for its token has none");
    const unsent = new AbortController();
    const answer = this.#options.states.callback(token, progress, AbortSignal.any([signal, unsent.signal]));
    // Whoever gives up below is not told a second time.
    answer.catch(() => undefined);
    try {
      progress.submitted(await request());
    } catch (error) {
      unsent.abort(error);
      throw error;
    }
    return answer;
  }

  async #request(service: string, action: string, call: TaskCall, signal: AbortSignal): Promise<Json> {
    const parameters = objectOf(call.parameters);
    const { clock } = this.#options;
    if (service === "lambda" && action === "invoke") {
      return named(LAMBDA_NAMES, () => lambdaInvoke(this.#functions, parameters, clock.now()));
    }
    if (service === "states" && action === "startExecution")
      return (await this.#startExecution(this.#options.states, call)).output;
    if (service === "events" && action === "putEvents") {
      const client = await this.#client("eventbridge");
      return named(EVENTS_NAMES, () => putEvents(client, parameters, call.executionArn, signal));
    }
    if (service === "apigateway" && action === "invoke") return apiInvoke(this.#options, parameters, signal);
    const integration = INTEGRATIONS.get(service);
    if (integration !== undefined && action in integration.actions) {
      const client = await this.#client(integration.client);
      const { output, http } = await named(integration.names, () =>
        client.call(operationOf(action), parameters, signal),
      );
      return { ...output, ...resultMetadata(integration.headers, http) };
    }
    return this.#sdkRequest(service, action, parameters, signal);
  }

  async #sdkRequest(service: string, action: string, parameters: JsonObject, signal: AbortSignal): Promise<Json> {
    const name = sdkNameOf(service);
    const known = SDK_SERVICES.get(name);
    if (known === undefined) throw notEmulated(`${service}:${action}`);
    const client = await this.#client(name);
    if (!client.hasOperation(operationOf(action))) throw notEmulated(`${service}:${action}`);
    try {
      return (await client.call(operationOf(action), parameters, signal)).output;
    } catch (error) {
      throw asFailure(error, (other) => sdkFailure(known.name, other));
    }
  }

  #startExecution(states: StatesAdmin, { parameters }: TaskCall): ReturnType<typeof startExecution> {
    return named(STATES_NAMES, () => startExecution(states, objectOf(parameters), this.#options.clock.now()));
  }

  async #client(name: string) {
    const client = await this.#clients.of(name);
    if (client === undefined) throw notEmulated(name);
    return client;
  }
}

/** `aws-sdk:s3` is `s3`; anything else is no name of this kind. */
const sdkNameOf = (service: string): string => /^aws-sdk:(.+)$/.exec(service)?.[1] ?? "";

const unsupported = (name: string): string => `The field "${name}" is not supported by Step Functions`;

function fieldFaults(fields: readonly string[], required: readonly string[], parameters: JsonObject): string[] {
  const unknown = Object.keys(parameters).filter((name) => !fields.includes(name));
  const missing = required.filter((name) => !(name in parameters));
  return [...unknown.map(unsupported), ...missing.map((name) => `The field '${name}' is required but was missing`)];
}

async function named<T>(names: Parameters<typeof optimisedFailure>[0], run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asFailure(error, (other) => optimisedFailure(names, other));
  }
}

const asFailure = (error: unknown, otherwise: (error: unknown) => StatesError): StatesError =>
  error instanceof StatesError ? error : otherwise(error);

function notEmulated(what: string): StatesError {
  const why =
    what === "http:invoke"
      ? "it needs a connection of EventBridge, which there are none of here"
      : "it is no action of a service that runs here";
  return new StatesError("States.Runtime", `arn:aws:states:::${what} is not emulated by lambda-run: ${why}.`);
}
