/** What a stack is started with. */
import type { Application } from "../config/application.js";
import type { FunctionConfig } from "../config/function-config.js";
import type { PortName } from "../config/named-ports.js";
import type { ResolvedConfig } from "../config/schema.js";
import type { EarlyRoom } from "../runtime/early-room.js";
import type { DebuggerOptions } from "../runtime/launch-plans.js";
import type { LogRecord } from "../runtime/log-capture.js";
import type { InvocationObserver } from "../runtime/types.js";
import type { Clock } from "../shared/clock.js";
import type { Logger } from "../shared/logger.js";
import type { StackInfo } from "./state-lock.js";

export interface StackOptions {
  readonly application: Application;
  readonly config: ResolvedConfig;
  /** Folder of the template: relative paths of the config start here. */
  readonly projectRoot: string;
  /** A stack serves until closed and tells others where; a command runs one thing. */
  readonly kind: StackInfo["kind"];
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly onLog?: (config: FunctionConfig, record: LogRecord, logStream: string) => void;
  /** Sentences for a person: another port than asked for, another Node than declared. */
  readonly onNotice?: (text: string) => void;
  /** No other will do for these ports; for the rest the next free one is taken, and said. */
  readonly fixedPorts?: readonly PortName[];
  /** Second stores take free ports instead of theirs; functions know them by these. */
  readonly freeStorePorts?: boolean;
  /** Told of every invocation, whoever asked for it. */
  readonly observers?: readonly InvocationObserver[];
  /** Opens Node's inspector in the functions; asked whenever an environment is planned. */
  readonly inspect?: (fn: FunctionConfig) => DebuggerOptions | undefined;
  /** A debugger stands at a breakpoint in this function: its timeout waits. */
  readonly paused?: (fn: FunctionConfig) => boolean;
  /** Keep invocations and events in the state folder, for `events`, `show`, `replay` and `why`. */
  readonly history?: boolean;
  /** Keep one environment of each function ready; a stack does unless told otherwise. */
  readonly standby?: boolean;
  /** Of the function that runs first. Whoever opened it closes it. */
  readonly earlyRoom?: EarlyRoom | undefined;
  /** Environments of one function at most; further invocations wait for one. */
  readonly maxEnvironments?: number;
}
