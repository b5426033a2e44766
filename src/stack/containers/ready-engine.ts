/** The engine that can be used, or LR5009 in under two seconds with what is wrong and the one thing to do. */
import { AppError } from "../../shared/errors.js";
import { engineTarget, type EngineTarget } from "./engine.js";
import { probeDocker } from "./probe.js";

export interface ReadyEngine {
  /** `unix:///var/run/docker.sock` */
  readonly host: string;
  readonly target: EngineTarget;
}

export interface EngineNeed {
  readonly what: string;
  /** What does without one. */
  readonly instead: string;
}

export async function readyEngine(need: EngineNeed): Promise<ReadyEngine> {
  const state = await probeDocker();
  const target = state.state === "ready" ? engineTarget(state.host) : undefined;
  if (state.state === "ready" && target !== undefined) return { host: state.host, target };
  const { what, fix } =
    state.state === "ready" ? { what: `${state.host} cannot be used`, fix: "Set DOCKER_HOST." } : state;
  throw new AppError("LR5009", { what: need.what, why: what, fix: `${fix} ${need.instead}` });
}
