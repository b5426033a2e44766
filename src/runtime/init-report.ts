/** What the platform says about one INIT, in its own phase or inside an invocation. */
import type { FunctionConfig } from "../config/function-config.js";
import type { Realm } from "../shared/arn.js";
import { initErrorType, type InitEnd } from "./answer.js";
import type { ExtensionStatus } from "./extensions.js";
import type { InitPhase, PhaseStatus, PlatformEvent } from "./platform-events.js";

const INITIALIZATION_TYPE = "on-demand";

export function initStartEvent(
  phase: InitPhase,
  config: FunctionConfig,
  realm: Realm,
  runtimeVersion: string | undefined,
): PlatformEvent {
  return {
    type: "platform.initStart",
    record: {
      initializationType: INITIALIZATION_TYPE,
      phase,
      ...(runtimeVersion === undefined
        ? {}
        : { runtimeVersion, runtimeVersionArn: `arn:aws:lambda:${realm.region}::runtime:lambda-run` }),
      functionName: config.name,
      functionVersion: config.version,
    },
  };
}

export function initEndEvents(
  phase: InitPhase,
  end: InitEnd,
  durationMs: number,
  extensions: readonly ExtensionStatus[],
): readonly PlatformEvent[] {
  const status: PhaseStatus = end.kind === "ready" ? "success" : end.kind === "timeout" ? "timeout" : "error";
  const errorType = initErrorType(end);
  const record = {
    initializationType: INITIALIZATION_TYPE,
    phase,
    status,
    ...(errorType === undefined ? {} : { errorType }),
  } as const;
  return [
    ...extensions.map((extension): PlatformEvent => ({ type: "platform.extension", record: extension })),
    { type: "platform.initRuntimeDone", record },
    {
      type: "platform.initReport",
      record: { ...record, metrics: { durationMs: Math.round(durationMs * 1000) / 1000 } },
    },
  ];
}
