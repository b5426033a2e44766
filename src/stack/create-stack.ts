/**
 * The programmatic API: a world of its own for each test file. Everything is up, on free ports, with its state in a
 * folder that is gone at `close()`; functions run in real execution environments, exactly as under the CLI.
 *
 * ```ts
 * const stack = await createStack({ clock: "virtual" });
 * await stack.s3.put("ReportsBucket", "2026/04/a.pdf", body);
 * const { payload } = await stack.invoke("manifest", { prefix: "2026/04/" });
 * await stack.close();
 * ```
 */
import { join, resolve } from "node:path";
import { findFunction } from "../config/find-function.js";
import { functionFromFile, looksLikeFile } from "../config/function-file.js";
import { findMachine } from "../config/find-machine.js";
import type { FunctionConfig } from "../config/function-config.js";
import type { JsonObject } from "../config/json.js";
import { loadApplication } from "../config/load-application.js";
import type { LambdaRunConfig } from "../config/schema.js";
import { cacheFolder } from "../runtime/cache-folder.js";
import type { LogRecord } from "../runtime/log-capture.js";
import type { Mail } from "../services/mail/index.js";
import type { InvocationObserver, InvocationReport, InvokeResult } from "../runtime/types.js";
import { VirtualClock, realClock } from "../shared/clock.js";
import { AppError } from "../shared/errors.js";
import { ownRealm } from "./backends/own-realm.js";
import { clientOptions } from "./backends/endpoints.js";
import { doorFor, requestDoor, type DoorRequest } from "./door-request.js";
import { parseDuration } from "./duration.js";
import { durableExecution, execute, type DurableExecution, type Execution } from "./execution.js";
import {
  ServiceClients,
  type ClientConfig,
  type ItemHelpers,
  type MessageHelpers,
  type ObjectHelpers,
} from "./service-clients.js";
import { Stack } from "./stack.js";
import { waitFor, type WaitOptions } from "./wait-for.js";

export interface CreateStackOptions {
  /** Project folder; the current one when absent. Template and config are looked for here. */
  readonly folder?: string;
  /** Template, relative to the folder. */
  readonly template?: string;
  /** Laid over lambda-run.config.*. */
  readonly config?: LambdaRunConfig;
  /** Another config file than lambda-run.config.* of the folder. */
  readonly configFile?: string;
  /**
   * `virtual` stands still until `clock.advance`: retries, visibility timeouts, schedules and expiries happen when the
   * test says so. Handlers themselves run in real time. A date starts a virtual clock there.
   */
  readonly clock?: "real" | "virtual" | Date;
  /** Put the config's sample objects into their buckets. Off, so that a test sees only what it made. */
  readonly seeds?: boolean;
  /** Every log line of every function. */
  readonly onLog?: (functionName: string, line: string) => void;
  /** What the CLI says as notes. */
  readonly onNotice?: (text: string) => void;
}

export interface InvokeOptions {
  /** Custom, env and client members as a mobile SDK sends them. */
  readonly clientContext?: JsonObject;
  readonly requestId?: string;
  /** Version or alias: it is what runs, and shows in `invokedFunctionArn`. Rejects with LR1001 when there is none. */
  readonly qualifier?: string;
}

/** What Lambda answers for a function that failed. */
export interface FunctionFailure {
  readonly errorType?: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export interface Invocation<T = unknown> {
  readonly requestId: string;
  /** The handler's answer, parsed; undefined when it failed. */
  readonly payload: T;
  readonly error: FunctionFailure | undefined;
  readonly report: InvocationReport;
  /** START ... REPORT, one line each. */
  readonly logs: readonly string[];
}

/** A finished invocation, whoever asked for it: the test, a queue, a bucket, another function. */
export interface FinishedInvocation extends Invocation {
  readonly functionName: string;
  readonly event: unknown;
}

export interface StackClock {
  now(): number;
  /** Moves virtual time on and lets everything that falls due finish, invocations included. */
  advance(span: string | number): Promise<void>;
}

const FOREIGN_ATTEMPTS = 3;

/** Finished invocations that `invocations()` remembers. */
const MAX_REMEMBERED = 10_000;

export class TestStack {
  readonly endpoint: string;
  readonly region: string;
  readonly clientConfig: ClientConfig;
  readonly s3: ObjectHelpers;
  readonly sqs: MessageHelpers;
  readonly dynamodb: ItemHelpers;
  readonly clock: StackClock;
  readonly #stack: Stack;
  readonly #folder: string;
  readonly #clients: ServiceClients;
  readonly #stores = new Map<string, ServiceClients>();
  readonly #finished: FinishedInvocation[];

  /** Made by `createStack`. */
  constructor(stack: Stack, folder: string, finished: FinishedInvocation[]) {
    this.#stack = stack;
    this.#folder = folder;
    this.#finished = finished;
    this.endpoint = stack.endpoint;
    this.region = stack.application.realm.region;
    const { accessKeyId, secretAccessKey } = stack.credentials;
    this.clientConfig = {
      endpoint: stack.endpoint,
      region: this.region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
      maxAttempts: 1,
    };
    this.#clients = new ServiceClients(
      (service) => {
        const options = clientOptions(stack.addressOf(service));
        // Another server closes a connection that was idle just when it is used again; ours does not.
        const maxAttempts = options.endpoint === stack.endpoint ? 1 : FOREIGN_ATTEMPTS;
        return { forcePathStyle: true, maxAttempts, ...options };
      },
      () => stack.application,
    );
    ({ s3: this.s3, sqs: this.sqs, dynamodb: this.dynamodb } = this.#clients);
    this.clock = { now: () => stack.clock.now(), advance: async (span) => this.#advance(parseDuration(span)) };
  }

  /** Objects of a second store (`secondStores` of the config), by its name. Throws LR2005 when there is none of it. */
  store(name: string): ObjectHelpers {
    const config = this.#stack.application;
    const store = this.#stack.secondStores.find((one) => one.name === name);
    const keys = this.#stack.config.secondStores[name];
    if (store === undefined || keys === undefined)
      throw new AppError("LR2005", { what: `There is no second store "${name}"`, where: "secondStores" });
    let clients = this.#stores.get(name);
    if (clients === undefined) {
      const { accessKeyId, secretAccessKey } = keys;
      const { endpoint } = store.gateway;
      const own = { ...this.clientConfig, endpoint, credentials: { accessKeyId, secretAccessKey } };
      clients = new ServiceClients(
        () => own,
        () => ({ ...config, buckets: [] }),
      );
      this.#stores.set(name, clients);
    }
    return clients.s3;
  }

  /** The stack underneath, for what has no short way here. */
  get stack(): Stack {
    return this.#stack;
  }

  /** Runs a function by logical id, name or folder, or any handler file by its path. Rejects only when it cannot be run at all. */
  async invoke<T = unknown>(name: string, event: unknown = {}, options: InvokeOptions = {}): Promise<Invocation<T>> {
    const { clientContext, requestId, qualifier } = options;
    const result = await this.#stack.invoke(this.#versionOf(this.#find(name), qualifier), {
      payload: Buffer.from(JSON.stringify(event)),
      ...(requestId === undefined ? {} : { requestId }),
      ...(qualifier === undefined ? {} : { qualifier }),
      ...(clientContext === undefined
        ? {}
        : { clientContext: Buffer.from(JSON.stringify(clientContext)).toString("base64") }),
    });
    return invocationOf<T>(result);
  }

  /**
   * Runs a state machine by logical id, name or ARN, and resolves at its end whatever that is. With virtual time whoever
   * waits in it waits for `clock.advance`: call that before you await this.
   */
  async execute<T = unknown>(name: string, input: unknown = {}): Promise<Execution<T>> {
    return execute<T>(this.#stack, findMachine(this.#stack.application, name), input);
  }

  /**
   * Resolves at the end of a durable execution, whatever that is: of one that an event began. `invoke` of a durable function
   * waits by itself. With virtual time, call `clock.advance` before you await this.
   */
  async durableExecution<T = unknown>(executionArn: string): Promise<DurableExecution<T>> {
    return durableExecution<T>(this.#stack, executionArn);
  }

  /**
   * A request through the template's API or function URL, as `fetch` makes it: `http("/items/7?full=1", { method: "PUT", body })`.
   * An API with a named stage is asked below it.
   */
  async http(path: string, request?: DoorRequest): Promise<Response> {
    return requestDoor(this.#stack.doors, path, request);
  }

  /** Address of an API (with its stage) or function URL by name, for clients of one's own: of a WebSocket API, say. */
  url(name?: string): string {
    return doorFor(this.#stack.doors, name).url;
  }

  /** What came to the stack's inbox, oldest first: from topics to e-mail addresses, and over SMTP (`ports.smtp`). */
  async mails(): Promise<readonly Mail[]> {
    return (await this.#stack.inbox?.list()) ?? [];
  }

  /** Finished invocations, oldest first, of one function or of all. */
  invocations(name?: string): readonly FinishedInvocation[] {
    if (name === undefined) return [...this.#finished];
    const wanted = this.#find(name).name;
    return this.#finished.filter(({ functionName }) => functionName === wanted);
  }

  /** Resolves with the first answer of `check` that is neither false, null nor undefined. Looks again whenever something happened. */
  waitFor<T>(check: () => T | Promise<T>, options?: WaitOptions): Promise<Exclude<T, false | null | undefined>> {
    return waitFor(this.#stack.activity, check, options);
  }

  /** Back to the beginning: no data, no history, every function cold. Declared resources are there again. */
  async reset(): Promise<void> {
    await this.#stack.activity.quiet();
    await this.#stack.reset();
    this.#finished.length = 0;
  }

  /** Ends everything; nothing stays behind. */
  async close(): Promise<void> {
    for (const clients of [this.#clients, ...this.#stores.values()]) await clients.close();
    await this.#stack.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #find(name: string): FunctionConfig {
    const { application } = this.#stack;
    return looksLikeFile(name)
      ? functionFromFile(name, this.#folder, application.realm)
      : findFunction(application, name);
  }

  #versionOf(fn: FunctionConfig, qualifier: string | undefined): FunctionConfig {
    const version = qualifier === undefined ? fn : this.#stack.versionOf(fn, qualifier);
    if (version !== undefined) return version;
    throw new AppError("LR1001", {
      what: `${fn.logicalId} has no version and no alias "${qualifier}"`,
      fix: "Declare it (AutoPublishAlias, AWS::Lambda::Alias), or make it through the Lambda API.",
    });
  }

  async #advance(ms: number): Promise<void> {
    const { clock, activity } = this.#stack;
    if (!(clock instanceof VirtualClock)) {
      throw new AppError("LR1004", {
        what: "Real time cannot be advanced",
        fix: 'Make the stack with createStack({ clock: "virtual" }).',
      });
    }
    const endMs = clock.now() + ms;
    const quiet = async (): Promise<void> => {
      await activity.quiet();
      // Alarms look back over a few periods: what came late would never be seen.
      await this.#stack.measured();
    };
    await quiet();
    // From timer to timer: what one of them starts may set the next.
    for (let next = clock.nextTimerAtMs(); next !== undefined && next <= endMs; next = clock.nextTimerAtMs()) {
      await clock.advance(Math.max(0, next - clock.now()));
      await quiet();
    }
    await clock.advance(endMs - clock.now());
    await quiet();
  }
}

/** Starts a stack for tests and scripts. Close it, or declare it with `await using`. */
export async function createStack(options: CreateStackOptions = {}): Promise<TestStack> {
  const folder = resolve(options.folder ?? process.cwd());
  const loaded = await loadApplication({
    folder,
    flags: flagsOf(options),
    cacheFolder: join(cacheFolder(folder), "applications"),
    account: ownRealm,
    ...(options.configFile === undefined ? {} : { configFile: options.configFile }),
  });
  const { application, config, fixedPorts } = loaded;
  const finished: FinishedInvocation[] = [];
  const stack = await Stack.start({
    application,
    config: options.seeds === true ? config : { ...config, seeds: [] },
    fixedPorts,
    freeStorePorts: true,
    projectRoot: folder,
    kind: "stack",
    standby: false,
    clock: clockOf(options.clock ?? "real"),
    observers: [rememberIn(finished)],
    onLog: (fn, record: LogRecord) => options.onLog?.(fn.name, record.text),
    onNotice: (text) => options.onNotice?.(text),
  });
  return new TestStack(stack, folder, finished);
}

/** The inline config, with what makes a stack a world of its own. */
function flagsOf({ config = {}, template }: CreateStackOptions): JsonObject {
  const over = JSON.parse(JSON.stringify(config)) as JsonObject;
  const ports = { gateway: 0, http: 0, ...(over["ports"] as JsonObject | undefined) };
  return { ephemeral: true, ...over, ports, ...(template === undefined ? {} : { template }) };
}

function clockOf(choice: "real" | "virtual" | Date): typeof realClock {
  if (choice === "real") return realClock;
  return choice === "virtual" ? new VirtualClock() : new VirtualClock(choice.getTime());
}

function rememberIn(finished: FinishedInvocation[]): InvocationObserver {
  return {
    started: () => undefined,
    ended(config, _requestId, request, outcome) {
      if (!("result" in outcome)) return;
      const event = parsed(request.payload);
      finished.push({ functionName: config.name, event, ...invocationOf(outcome.result) });
      if (finished.length > MAX_REMEMBERED) finished.shift();
    },
  };
}

function invocationOf<T>(result: InvokeResult): Invocation<T> {
  const failed = result.functionError !== undefined;
  const value = parsed(result.payload);
  return {
    requestId: result.requestId,
    payload: (failed ? undefined : value) as T,
    error: failed ? failureOf(value) : undefined,
    report: result.report,
    logs: result.logs.split("\n").filter((line) => line !== ""),
  };
}

function failureOf(value: unknown): FunctionFailure {
  return typeof value === "object" && value !== null && "errorMessage" in value
    ? (value as FunctionFailure)
    : { errorMessage: String(value) };
}

/** JSON where it is JSON; a streamed or custom response is text. */
function parsed(payload: Buffer): unknown {
  const text = payload.toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
