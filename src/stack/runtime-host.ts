/** The runtime of a stack: how its functions get credentials, endpoints and what the template leaves to be looked up. */
import type { FunctionConfig } from "../config/function-config.js";
import { shownName } from "../config/shown-name.js";
import { cacheFolder } from "../runtime/cache-folder.js";
import { RuntimeHost } from "../runtime/host.js";
import type { LogRecord } from "../runtime/log-capture.js";
import type { InvocationObserver } from "../runtime/types.js";
import type { Gateway } from "../services/gateway.js";
import type { Credentials } from "../services/kit/credentials.js";
import type { Clock } from "../shared/clock.js";
import { endpointVariables, foreignCredentials } from "./backends/endpoints.js";
import { imageRooms } from "./containers/image-rooms.js";
import { needsReferences, withReferences, type LookUp } from "./dynamic-references.js";
import { calledPorts } from "./local-addresses.js";
import { preload } from "./preload.js";
import type { Live } from "./services.js";
import type { StackOptions } from "./stack-options.js";

/** Life of the credentials in an execution environment. AWS renews them; here they outlive the day. */
const CREDENTIALS_LIFE_MS = 36 * 3_600_000;

export interface RuntimeHostParts {
  readonly options: StackOptions;
  readonly live: Live;
  /** Undefined where another stack has the services. */
  readonly gateway: Gateway | undefined;
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly lookUp: LookUp;
  /** Of the stack's own; those of the options come after them. */
  readonly observers: readonly InvocationObserver[];
  /** Every log record, before the options' own listener. */
  readonly record: (fn: FunctionConfig, logStream: string, record: LogRecord) => void;
  readonly notice: (text: string) => void;
}

/** Starts nothing. What the containers of images leave is ended by `closers`. */
export function runtimeHost(parts: RuntimeHostParts, closers: (() => Promise<void> | void)[]): RuntimeHost {
  const { options, live, gateway, endpoint, credentials, clock, lookUp, observers, record, notice } = parts;
  const { config } = options;
  const { foreign, aws } = live;
  const { realm } = options.application;
  const host = new RuntimeHost({
    realm,
    clock,
    cache: cacheFolder(options.projectRoot),
    credentials: (fn) => {
      const keys = aws?.keys ?? foreignCredentials(foreign);
      if (keys !== undefined) return keys;
      const name = fn.role.slice(fn.role.lastIndexOf("/") + 1);
      return credentials.issueSession({
        roleArn: `arn:aws:iam::${realm.accountId}:role/${name || fn.name}`,
        sessionName: fn.name,
        expiresAtMs: clock.now() + CREDENTIALS_LIFE_MS,
      });
    },
    endpoints: () => endpointVariables({ config, foreign, gateway: endpoint, own: aws?.endpoints }),
    log: (fn, logStream, entry) => {
      if (gateway !== undefined && options.kind === "command") preload(gateway, host, fn);
      record(fn, logStream, entry);
      options.onLog?.(fn, entry, logStream);
    },
    notice: (fn, text) => notice(`${shownName(fn)}: ${text}`),
    standby: options.standby ?? options.kind === "stack",
    idleTimeoutMs: config.limits.idleTimeoutSeconds * 1000,
    images: imageRooms(
      {
        projectRoot: options.projectRoot,
        reaper: config.containers.reaper,
        ports: calledPorts(config, live),
        notice,
      },
      closers,
    ),
    faithfulCpu: config.limits.faithfulCpu,
    earlyRoom: options.earlyRoom,
    complete: (fn) => (needsReferences(fn) ? withReferences(fn, lookUp) : Promise.resolve(fn)),
    observer: fanOut([...observers, ...(options.observers ?? [])]),
    ...(options.maxEnvironments === undefined ? {} : { maxEnvironments: options.maxEnvironments }),
    ...(options.inspect === undefined ? {} : { inspect: options.inspect }),
    ...(options.paused === undefined ? {} : { paused: options.paused }),
    ...(config.limits.sandbox === "auto" ? {} : { sandboxTier: config.limits.sandbox }),
  });
  return host;
}

function fanOut(observers: readonly InvocationObserver[]): InvocationObserver {
  return {
    started: (...event) => observers.forEach((observer) => observer.started(...event)),
    ended: (...event) => observers.forEach((observer) => observer.ended(...event)),
    throttled: (fn) => observers.forEach((observer) => observer.throttled?.(fn)),
  };
}
