/**
 * Functions that are container images. An engine is the stack's affair: it hands one in as an `ImageRunner`, which is
 * asked for when the first such function is invoked. AWS: Lambda developer guide, "Create a Lambda function using a
 * container image".
 */
import type { FunctionConfig } from "../config/function-config.js";
import { AppError } from "../shared/errors.js";
import type { LaunchPlan } from "./launch-plans.js";
import type { Mount, Sandbox, SandboxSpec } from "./sandbox/sandbox.js";

export interface ImageRunner {
  /** Builds or finds the image. Throws LR3004 (build), LR5009 (no engine) or LR5010 (no such image). */
  prepare(config: FunctionConfig): Promise<PreparedImage>;
}

export interface PreparedImage {
  /** ENTRYPOINT and CMD, as far as ImageConfig does not replace them. */
  readonly command: readonly string[];
  readonly notice: string | undefined;
  /** Executables in its /opt/extensions. */
  readonly extensions: readonly string[];
  /** Starts nothing yet: a container is made when its process is spawned. */
  createSandbox(spec: SandboxSpec): Sandbox;
}

/** Where nobody has handed an engine in. */
export const noImages = (): Promise<ImageRunner> =>
  Promise.reject(new AppError("LR5004", { what: "This host was made without a way to run container images" }));

/** Nothing of ours is in a container: the image brings its runtime along. */
const NOTHING: Mount = { hostPath: "", guestPath: "/var/runtime" };

export function imagePlan({ command, extensions }: PreparedImage): LaunchPlan {
  return {
    command: () => command,
    ownVariables: () => ({}),
    mounts: [],
    runtimeMount: NOTHING,
    langMount: NOTHING,
    waitsInStandby: false,
    initialisesAhead: true,
    extensions,
    runtimeVersion: undefined,
  };
}
