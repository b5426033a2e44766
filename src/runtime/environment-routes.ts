/** Which part of an environment answers which call. Looked up at each call: a reset makes new parts. */
import type { Extensions } from "./extensions.js";
import type { Processes } from "./processes.js";
import { onEnd, type ApiRoutes } from "./runtime-api.js";
import type { RuntimeSession } from "./runtime-session.js";
import type { Telemetry } from "./telemetry.js";

export interface ApiParts {
  readonly session: RuntimeSession;
  readonly extensions: Extensions;
  readonly telemetry: Telemetry;
}

export function environmentRoutes(parts: () => ApiParts, processes: Processes): ApiRoutes {
  return {
    runtimeNext: (call) => parts().session.next(call),
    runtimeResponse: (call) => parts().session.response(call),
    runtimeError: (call) => parts().session.error(call),
    initError: (call) => parts().session.initError(call),
    restoreNext: ({ reply }) =>
      onEnd(() =>
        reply.json(403, {
          errorMessage: "SnapStart is not emulated for this function",
          errorType: "InvalidStateTransition",
        }),
      ),
    extensionRegister: (call) => parts().extensions.register(call),
    extensionNext: (call) => parts().extensions.next(call),
    extensionInitError: (call) => parts().extensions.initError(call),
    extensionExitError: (call) => parts().extensions.exitError(call),
    telemetrySubscribe: (call) => parts().telemetry.subscribe(call),
    logsSubscribe: (call) => parts().telemetry.subscribe(call),
    standby: processes.standby,
    warm: ({ reply }) => onEnd(() => reply.send(200, "")),
    noteExit: processes.noteExit,
  };
}
