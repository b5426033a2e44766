/**
 * The Extensions API: external extensions (executables in /opt/extensions) and internal ones register during INIT,
 * get INVOKE and SHUTDOWN events, and hold INIT and the freeze back until each has called `next`.
 * AWS Lambda developer guide, "Using the Lambda Extensions API". Error types as listed there.
 */
import { randomUUID } from "node:crypto";
import { LAMBDA } from "../shared/aws-limits.js";
import { collect, onEnd, type Call } from "./runtime-api.js";
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
}

export interface FunctionIdentity {
  readonly functionName: string;
  readonly functionVersion: string;
  readonly handler: string;
  readonly accountId: string;
}

export interface ExtensionEvents {
  registered(name: string, events: readonly EventType[]): void;
  /** An extension called `next`: ask `allReady` anew. */
  ready(): void;
  failed(name: string, errorType: string): void;
}

export interface InvokeEvent {
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly invokedFunctionArn: string;
  readonly traceHeader: string | undefined;
}

const IDENTIFIER = "lambda-extension-identifier";
const MAX_BODY_BYTES = 256 * 1024;

export class Extensions {
  readonly #identity: FunctionIdentity;
  readonly #events: ExtensionEvents;
  /** File names in /opt/extensions: only these may register as external. */
  readonly #externalNames: ReadonlySet<string>;
  readonly #extensions = new Map<string, Extension>();
  #open = true;

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

  /** Every external extension has registered and every registered one waits for its next event. */
  get allReady(): boolean {
    const extensions = [...this.#extensions.values()];
    const names = new Set(extensions.map(({ name }) => name));
    return [...this.#externalNames].every((name) => names.has(name)) && extensions.every(({ state }) => state === "Ready");
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
      ...(event.traceHeader === undefined ? {} : { tracing: { type: "X-Amzn-Trace-Id", value: event.traceHeader } }),
    };
    this.#send("INVOKE", body);
  }

  shutdown(shutdownReason: "SPINDOWN" | "TIMEOUT" | "FAILURE", deadlineMs: number): void {
    this.#send("SHUTDOWN", { eventType: "SHUTDOWN", shutdownReason, deadlineMs });
  }

  readonly register = ({ head, reply }: Call): BodySink =>
    this.#json(reply, (body) => {
      const name = head.headers["lambda-extension-name"];
      if (name === undefined || name === "") return refuse(reply, 403, "Extension.InvalidExtensionName", "Empty extension name");
      if (!this.#open) return refuse(reply, 403, "Extension.RegistrationClosed", "Extension registration closed already");
      const external = this.#externalNames.has(name);
      const events = (body as { readonly events?: unknown } | null)?.events ?? [];
      if (!Array.isArray(events)) return refuse(reply, 400, "InvalidRequestFormat", "The events are not a list");
      for (const event of events) {
        if (event !== "INVOKE" && event !== "SHUTDOWN") return refuse(reply, 403, "Extension.InvalidEventType", `${String(event)}: Extension.InvalidEventType`);
        if (event === "SHUTDOWN" && !external) return refuse(reply, 403, "Extension.InvalidEventType", "SHUTDOWN: Extension.InvalidEventType");
      }
      if ([...this.#extensions.values()].some((known) => known.name === name)) {
        return refuse(reply, 403, "Extension.InvalidExtensionState", `Extension ${name} is already registered`);
      }
      if (this.#extensions.size >= LAMBDA.maxExtensions) return refuse(reply, 403, "Extension.TooManyExtensions", "Extension limit reached");
      const extension: Extension = { id: randomUUID(), name, external, events: events as EventType[], state: "Registered", next: undefined };
      this.#extensions.set(extension.id, extension);
      const { functionName, functionVersion, handler, accountId } = this.#identity;
      const wantsAccount = head.headers["lambda-extension-accept-feature"]?.includes("accountId") === true;
      this.#events.registered(name, extension.events);
      reply.json(200, { functionName, functionVersion, handler, ...(wantsAccount ? { accountId } : {}) }, { "Lambda-Extension-Identifier": extension.id });
    });

  readonly next = (call: Call): BodySink =>
    onEnd(() => {
      const { reply, connection } = call;
      const extension = this.#identify(call);
      if (extension === undefined) return;
      if (extension.next !== undefined || extension.state === "InitError" || extension.state === "ExitError") {
        refuse(reply, 403, "Extension.InvalidExtensionState", `State transition from ${extension.state} to Ready failed for extension ${extension.name}. Error: State transition is not allowed`);
        return;
      }
      extension.state = "Ready";
      extension.next = reply;
      connection.holdUntilReply();
      this.#events.ready();
    });

  readonly initError = (call: Call): BodySink => this.#fail(call, "InitError", "Registered");
  readonly exitError = (call: Call): BodySink => this.#fail(call, "ExitError", undefined);

  /** Name of the extension that makes a telemetry call; answers the refusal itself. */
  nameOf(call: Call): string | undefined {
    return this.#identify(call)?.name;
  }

  get registrationOpen(): boolean {
    return this.#open;
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
        refuse(reply, 403, "Extension.InvalidExtensionState", `State transition from ${extension.state} to ${state} failed for extension ${extension.name}. Error: State transition is not allowed`);
        return;
      }
      extension.state = state;
      reply.json(202, { status: "OK" });
      this.#events.failed(extension.name, errorType);
    });
  }

  #identify({ head, reply }: Call): Extension | undefined {
    const id = head.headers[IDENTIFIER];
    if (id === undefined || id === "") {
      refuse(reply, 403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header");
      return undefined;
    }
    if (!/^[0-9a-f-]{36}$/.test(id)) {
      refuse(reply, 403, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier");
      return undefined;
    }
    const extension = this.#extensions.get(id);
    if (extension === undefined) refuse(reply, 403, "Extension.UnknownExtensionIdentifier", `Unknown extension ${id}`);
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
    const refuseFormat = (): void => refuse(reply, 400, "InvalidRequestFormat", "The request body is not valid JSON");
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

function refuse(reply: Reply, statusCode: number, errorType: string, errorMessage: string): void {
  reply.json(statusCode, { errorMessage, errorType });
}
