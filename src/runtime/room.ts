/** The sandbox of one execution environment, under the environment's own id. */
import { randomBytes } from "node:crypto";
import type { FunctionConfig } from "../config/function-config.js";
import type { CodeSlot } from "./code-slot.js";
import type { LaunchPlan } from "./launch-plans.js";
import type { Sandbox, SandboxProcess, SandboxSpec, Variables } from "./sandbox/sandbox.js";

export interface Room {
  readonly id: string;
  readonly sandbox: Sandbox;
  /** What is shown at /var/task, where the code can be exchanged. */
  readonly slot?: CodeSlot | undefined;
  /** Absent = the sandbox spawns it. */
  readonly startRuntime?: (command: readonly string[], env: Variables) => SandboxProcess;
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
export function newRoom(create: (spec: SandboxSpec) => Sandbox, options: RoomOptions, slot?: CodeSlot): Room {
  const id = randomBytes(16).toString("hex");
  return { id, sandbox: create({ ...roomSpec(options), id }), slot };
}

export function roomSpec(options: RoomOptions): Omit<SandboxSpec, "id"> {
  const { config, plan, layers, taskRoot, faithfulCpu } = options;
  return {
    memoryMb: config.memoryMb,
    ephemeralStorageMb: config.ephemeralStorageMb,
    taskRoot,
    layers,
    mounts: plan.mounts,
    faithfulCpu,
  };
}
