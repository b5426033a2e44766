/** What an execution environment is made of and whom it tells. */
import type { FunctionConfig } from "../config/function-config.js";
import type { Realm } from "../shared/arn.js";
import type { SessionCredentials } from "./environment-variables.js";
import type { FunctionIdentity } from "./extensions.js";
import type { LaunchPlan } from "./launch-plans.js";
import type { LogRecord } from "./log-capture.js";
import type { Room } from "./room.js";
import type { Leftover } from "./runtime-session.js";

export interface EnvironmentOptions {
  readonly config: FunctionConfig;
  readonly realm: Realm;
  readonly plan: LaunchPlan;
  /** The environment's own from here on: it destroys the sandbox in the end. */
  readonly room: Room;
  readonly credentials: () => SessionCredentials;
  readonly endpoints: () => Readonly<Record<string, string>>;
  readonly log: (record: LogRecord, logStream: string) => void;
  /** How long INIT may take before it is cut and tried again inside the invocation. */
  readonly initTimeoutMs: number;
  /** A debugger stands at a breakpoint: timeouts wait. */
  readonly paused?: () => boolean;
  /** Everything of the environment is gone. */
  readonly onDestroyed?: () => void;
  /** Timers or sockets left running at the freeze. */
  readonly onLeftovers?: (leftovers: readonly Leftover[], requestId: string) => void;
}

/** What extensions are told when they register. */
export function identityOf({ config, realm }: EnvironmentOptions): FunctionIdentity {
  return {
    functionName: config.name,
    functionVersion: config.version,
    handler: config.handler,
    accountId: realm.accountId,
  };
}

export function logStreamOf({ version }: FunctionConfig, id: string): string {
  const today = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
  return `${today}/[${version}]${id}`;
}
