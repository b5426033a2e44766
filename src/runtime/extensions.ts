/**
 * The Extensions API: external extensions (executables in /opt/extensions) and internal ones register during INIT,
 * get INVOKE and SHUTDOWN events, and hold INIT and the freeze back until each has called `next`.
 * AWS Lambda developer guide, "Using the Lambda Extensions API". Error types as listed there.
 */
import { randomUUID } from "node:crypto";
import { LAMBDA } from "../shared/aws-limits.js";
import { tracingOf } from "./platform-events.js";
import { collect, onEnd, type Call } from "./runtime-api.js";
import type { ProcessExit } from "./sandbox/sandbox.js";
import type { Reply } from "./wire/connection.js";
import type { BodySink } from "./wire/request-parser.js";

type EventType = "INVOKE" | "SHUTDOWN";
type State = "Registered" | "Ready" | "Running" | "InitError" | "ExitError";

interface Extension {
  readonly id: string;
  readonly name: string;
  readonly external: boolean;
  readonly events: readonly EventType[];
  state: State;
  next: Reply | undefined;
  /** What it said when it gave up (`init/error`, `exit/error`). */
  errorType: string | undefined;
}

export interface FunctionIdentity {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly handler: string;
  readonly accountId: string;
}

export interface ExtensionEvents {
  /** Ask `allRegistered` anew. */
  registered(): void;
  /** An extension called `next`: ask `allReady` anew. */
  ready(): void;
}

/** What the platform logs about an extension at the end of INIT. */
export interface ExtensionStatus {
  readonly name: string;
  readonly state: string;
  readonly events: readonly string[];
  readonly errorType?: string;
}

export type ShutdownReason = "SPINDOWN" | "TIMEOUT" | "FAILURE";

export interface InvokeEvent {
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly invokedFunctionArn: string;
  readonly traceHeader: string | undefined;
}

const IDENTIFIER = "lambda-extension-identifier";
const IDENTIFIER_NAME = "Lambda-Extension-Identifier";
const MAX_BODY_BYTES = 256 * 1024;

export class Extensions {
  readonly #identity: FunctionIdentity;
  readonly #events: ExtensionEvents;
  /** File names in /opt/extensions: only these may register as external. */
  readonly #externalNames: ReadonlySet<string>;
  readonly #extensions = new Map<string, Extension>();
  /** Those whose process could not be started, with the platform's word for the reason. */
  readonly #unstarted = new Map<string, string>();
  #open = true;
  /** Set in the SHUTDOWN phase: what an extension that asks for its next event gets. */
  #shutdown: object | undefined;

  constructor(identity: FunctionIdentity, externalNames: readonly string[], events: ExtensionEvents) {
    this.#identity = identity;
    this.#externalNames = new Set(externalNames);
    this.#events = events;
  }

  get count(): number {
    return this.#extensions.size;
  }

  get hasExternal(): boolean {
    return [...this.#extensions.values()].some(({ external }) => external);
  }

  /** The runtime is started only then. */
  get allRegistered(): boolean {
    const names = new Set([...this.#extensions.values()].map(({ name }) => name));
    return [...this.#externalNames].every((name) => names.has(name));
  }

  /** Every external extension has registered and every registered one waits for its next event. */
  get allReady(): boolean {
    for (const { state } of this.#extensions.values()) if (state !== "Ready") return false;
    return this.#externalNames.size === 0 || this.allRegistered;
  }

  get statuses(): readonly ExtensionStatus[] {
    const registered = [...this.#extensions.values()].map(({ name, state, events, errorType }) => ({
      name,
      state,
      events,
      ...(errorType === undefined ? {} : { errorType }),
    }));
    const unstarted = [...this.#unstarted].map(([name, errorType]) => ({
      name,
      state: "LaunchError",
      events: [],
      errorType,
    }));
    return [...registered, ...unstarted];
  }

  /** Names of those that are told of the end and end by themselves; all others are killed. */
  get subscribedToShutdown(): readonly string[] {
    return [...this.#extensions.values()].filter(({ events }) => events.includes("SHUTDOWN")).map(({ name }) => name);
  }

  /** The platform's error type when this extension's process ends on its own. */
  failureOf(name: string, exit: ProcessExit): string {
    if (exit.kind === "unstartable") {
      this.#unstarted.set(name, exit.reason.endsWith("permission denied") ? "PermissionDenied" : "UnknownError");
      return "Extension.LaunchError";
    }
    const extension = [...this.#extensions.values()].find((known) => known.name === name);
    if (extension?.state === "InitError") return "Extension.InitError";
    return extension?.state === "ExitError" ? "Extension.ExitError" : "Extension.Crash";
  }

  /** The runtime's first `next` ends registration. */
  closeRegistration(): void {
    this.#open = false;
  }

  invoke(event: InvokeEvent): void {
    const body = {
      eventType: "INVOKE",
      deadlineMs: event.deadlineMs,
      requestId: event.requestId,
      invokedFunctionArn: event.invokedFunctionArn,
      tracing: tracingOf(event.traceHeader),
    };
    this.#send("INVOKE", body);
  }

  /** Those at work get the event when they ask for the next one. */
  shutdown(shutdownReason: ShutdownReason, deadlineMs: number): void {
    this.#shutdown = { eventType: "SHUTDOWN", shutdownReason, deadlineMs };
    this.#send("SHUTDOWN", this.#shutdown);
  }

  readonly register = ({ head, reply }: Call): BodySink =>
    this.#json(reply, (body) => {
      const name = head.headers["lambda-extension-name"];
      if (name === undefined || name === "")
        return refuse(reply, 403, "Extension.InvalidExtensionName", "Empty extension name");
      const external = this.#externalNames.has(name);
      const events = (body as { readonly events?: unknown } | null)?.events ?? [];
      if (!Array.isArray(events)) return refuse(reply, 403, "InvalidRequestFormat", "The events are not a list");
      for (const event of events) {
        if (event !== "INVOKE" && event !== "SHUTDOWN")
          return refuse(reply, 403, "Extension.InvalidEventType", `${String(event)}: Extension.InvalidEventType`);
        if (event === "SHUTDOWN" && !external)
          return refuse(reply, 403, "Extension.InvalidEventType", "SHUTDOWN: Extension.InvalidEventType");
      }
      if (!this.#open)
        return refuse(reply, 403, "Extension.RegistrationClosed", "Extension registration closed already");
      const known = [...this.#extensions.values()].find((other) => other.name === name);
      if (known !== undefined) {
        const message = external
          ? transitionRefused(known, "Registered")
          : "Extension with this name already registered";
        return refuse(reply, 403, "Extension.InvalidExtensionState", message);
      }
      // The external ones have their places, registered or not.
      const taken = this.#externalNames.size + [...this.#extensions.values()].filter((other) => !other.external).length;
      if (!external && taken >= LAMBDA.maxExtensions) {
        return refuse(reply, 403, "Extension.TooManyExtensions", `Extension limit (${LAMBDA.maxExtensions}) reached`);
      }
      const extension: Extension = {
        id: randomUUID(),
        name,
        external,
        events: events as EventType[],
        state: "Registered",
        next: undefined,
        errorType: undefined,
      };
      this.#extensions.set(extension.id, extension);
      const { functionName, functionVersion, handler, accountId } = this.#identity;
      const wantsAccount = head.headers["lambda-extension-accept-feature"]?.includes("accountId") === true;
      reply.json(
        200,
        { functionName, functionVersion, handler, ...(wantsAccount ? { accountId } : {}) },
        { [IDENTIFIER_NAME]: extension.id },
      );
      this.#events.registered();
    });

  readonly next = (call: Call): BodySink =>
    onEnd(() => {
      const { reply, connection } = call;
      const extension = this.#identify(call);
      if (extension === undefined) return;
      if (extension.next !== undefined || extension.state === "InitError" || extension.state === "ExitError") {
        refuse(reply, 403, "Extension.InvalidExtensionState", transitionRefused(extension, "Ready"));
        return;
      }
      extension.state = "Ready";
      extension.next = reply;
      connection.holdUntilReply();
      if (this.#shutdown === undefined) this.#events.ready();
      else this.#send("SHUTDOWN", this.#shutdown);
    });

  readonly initError = (call: Call): BodySink => this.#fail(call, "InitError", "Registered");
  readonly exitError = (call: Call): BodySink => this.#fail(call, "ExitError", undefined);

  /** Name of the extension that makes a telemetry call; answers the refusal itself. */
  nameOf(call: Call): string | undefined {
    return this.#identify(call)?.name;
  }

  #fail(call: Call, state: "InitError" | "ExitError", needed: State | undefined): BodySink {
    return onEnd(() => {
      const { head, reply } = call;
      const extension = this.#identify(call);
      if (extension === undefined) return;
      const errorType = head.headers["lambda-extension-function-error-type"];
      if (errorType === undefined || errorType === "") {
        refuse(reply, 403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found");
        return;
      }
      if (needed !== undefined && extension.state !== needed) {
        refuse(reply, 403, "Extension.InvalidExtensionState", transitionRefused(extension, state));
        return;
      }
      // The phase goes on until the process ends: then this decides the error type.
      extension.state = state;
      extension.errorType = errorType;
      reply.json(202, { status: "OK" });
    });
  }

  #identify({ head, reply }: Call): Extension | undefined {
    const id = head.headers[IDENTIFIER];
    if (id === undefined || id === "") {
      refuse(reply, 403, "Extension.MissingExtensionIdentifier", `Missing ${IDENTIFIER_NAME} header`);
      return undefined;
    }
    if (!/^[0-9a-f-]{36}$/.test(id)) {
      refuse(reply, 403, "Extension.InvalidExtensionIdentifier", `Invalid ${IDENTIFIER_NAME}`);
      return undefined;
    }
    const extension = this.#extensions.get(id);
    if (extension === undefined)
      refuse(reply, 403, "Extension.UnknownExtensionIdentifier", `Unknown ${IDENTIFIER_NAME}`);
    return extension;
  }

  #send(type: EventType, body: object): void {
    for (const extension of this.#extensions.values()) {
      if (!extension.events.includes(type) || extension.next === undefined) continue;
      const reply = extension.next;
      extension.next = undefined;
      extension.state = "Running";
      reply.json(200, body, { "Lambda-Extension-Event-Identifier": randomUUID() });
    }
  }

  #json(reply: Reply, use: (body: unknown) => void): BodySink {
    const refuseFormat = (): void => refuse(reply, 403, "InvalidRequestFormat", "The request body is not valid JSON");
    return collect(
      MAX_BODY_BYTES,
      (bytes) => {
        let body: unknown;
        try {
          body = bytes.length === 0 ? {} : JSON.parse(bytes.toString("utf8"));
        } catch {
          refuseFormat();
          return;
        }
        use(body);
      },
      refuseFormat,
    );
  }
}

function transitionRefused(extension: Extension, wanted: State): string {
  return `State transition from ${extension.state} to ${wanted} failed for extension ${extension.name}. Error: State transition is not allowed`;
}

function refuse(reply: Reply, statusCode: number, errorType: string, errorMessage: string): void {
  reply.json(statusCode, { errorMessage, errorType });
}
