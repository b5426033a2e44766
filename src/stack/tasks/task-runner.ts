/**
 * Does the work of Task states: functions in this process, everything else by the API of the service, wherever the stack has
 * it. Nothing is loaded before the first task that needs it.
 * https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
 *
 * IAM is not emulated: `Credentials` change nothing.
 */
import { objectOf, type Json } from "../../config/json.js";
import type { StatesAdmin } from "../../services/states/index.js";
import type {
  HttpExchange,
  TaskCall,
  TaskProgress,
  TaskResource,
  TaskRunner,
} from "../../services/states/interpreter/task-runner.js";
import type { ServiceAddress, ServiceName } from "../backends/endpoints.js";
import { apiIntegration, type ApiCalls } from "./api-invoke.js";
import { calledApis } from "./called-apis.js";
import { IntegrationClients } from "./clients/service-clients.js";
import { isEmulated, type OptimisedAction, type ServiceResource } from "./emulated.js";
import { optimised } from "./failures.js";
import { outcomeOf } from "./function-outcome.js";
import { Functions, type FunctionsOptions } from "./functions.js";
import { httpIntegration, type HttpCalls } from "./http-invoke.js";
import { notEmulated, type Integration } from "./integration.js";
import { LAMBDA_NAMES, lambdaIntegration } from "./lambda-invoke.js";
import { nestedResult, startNested, statesIntegration } from "./nested-execution.js";
import { eventsIntegration } from "./put-events.js";
import { sdkIntegration } from "./sdk-integration.js";

export interface TasksOptions extends FunctionsOptions, ApiCalls, HttpCalls {
  readonly states: StatesAdmin;
  readonly address: (service: ServiceName) => ServiceAddress;
}

export class StackTasks implements TaskRunner {
  readonly #options: TasksOptions;
  readonly #functions: Functions;
  readonly #clients: IntegrationClients;
  /** The optimised ones. */
  readonly #integrations: ReadonlyMap<string, Integration>;

  constructor(options: TasksOptions) {
    const { states, clock, address } = options;
    this.#options = options;
    this.#functions = new Functions(options);
    this.#clients = new IntegrationClients(address);
    const all: Readonly<Record<OptimisedAction, Integration>> = {
      "lambda:invoke": lambdaIntegration(this.#functions, clock),
      "states:startExecution": statesIntegration(states, clock),
      "events:putEvents": eventsIntegration(() => this.#clients.of("eventbridge")),
      "apigateway:invoke": apiIntegration(options),
      "http:invoke": httpIntegration(options),
      ...calledApis((name) => this.#clients.of(name)),
    };
    this.#integrations = new Map(Object.entries(all));
  }

  async faults(resource: TaskResource, parameters: Json): Promise<readonly string[]> {
    if (resource.kind !== "service") return [];
    return (await this.#integrationOf(resource)?.faults(objectOf(parameters))) ?? [];
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

  #runFunction(functionName: string, event: Json): Promise<Json> {
    const payload = Buffer.from(JSON.stringify(event));
    return optimised(LAMBDA_NAMES, async () => outcomeOf(await this.#functions.run({ functionName, payload })));
  }

  async #runService(
    resource: ServiceResource,
    call: TaskCall,
    progress: TaskProgress,
    signal: AbortSignal,
  ): Promise<Json> {
    const { pattern } = resource;
    const integration = this.#integrationOf(resource);
    if (integration === undefined || !isEmulated(resource)) throw notEmulated(endOf(resource));
    const parameters = objectOf(call.parameters);
    const exchanged = (exchange: () => HttpExchange): void => progress.exchanged?.(exchange);
    const request = (): Promise<Json> => integration.request(parameters, call.executionArn, signal, exchanged);
    if (pattern === "request-response") return request();
    if (pattern === "waitForTaskToken") return this.#withCallback(call, request, progress, signal);
    const { states, clock } = this.#options;
    const started = await startNested(states, parameters, clock);
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

  #integrationOf({ service, action }: ServiceResource): Integration | undefined {
    return this.#integrations.get(`${service}:${action}`) ?? sdkIntegration(this.#clients, service, action);
  }
}

const endOf = ({ service, action, pattern }: ServiceResource): string =>
  `${service}:${action}${pattern === "request-response" ? "" : `.${pattern}`}`;
