/** The sandbox of one execution environment, under the environment's own id. */
import { randomBytes } from "node:crypto";
import type { FunctionConfig } from "../config/function-config.js";
import type { LaunchPlan } from "./launch-plans.js";
import type { Sandbox, SandboxSpec } from "./sandbox/sandbox.js";

export interface Room {
  readonly id: string;
  readonly sandbox: Sandbox;
}

export interface RoomOptions {
  readonly config: FunctionConfig;
  readonly plan: LaunchPlan;
  /** Host folders laid over /opt. */
  readonly layers: readonly string[];
  /** Host folder shown at /var/task. */
  readonly taskRoot: string;
  readonly faithfulCpu: boolean;
}

/** Begins to build it and returns at once. */
export function newRoom(create: (spec: SandboxSpec) => Sandbox, options: RoomOptions): Room {
  const { config, plan, layers, taskRoot, faithfulCpu } = options;
  const id = randomBytes(16).toString("hex");
  const sandbox = create({
    id,
    memoryMb: config.memoryMb,
    ephemeralStorageMb: config.ephemeralStorageMb,
    taskRoot,
    layers,
    mounts: plan.mounts,
    faithfulCpu,
  });
  return { id, sandbox };
}
