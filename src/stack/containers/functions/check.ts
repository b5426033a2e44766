/** Whether the template's image functions can run on this machine, for `doctor`. */
import type { Application } from "../../../config/application.js";
import { messageOf } from "../../../shared/errors.js";
import { engineTarget } from "../engine.js";
import type { DockerState } from "../probe.js";
import { functionNetwork } from "./network.js";

export interface ImageFunctionsCheck {
  /** Logical ids. */
  readonly functions: readonly string[];
  readonly canRun: boolean;
  /** How they reach the Runtime API, or why they cannot. */
  readonly note: string;
}

/** Undefined when there are none. Never throws. */
export async function checkImageFunctions(
  { functions }: Application,
  docker: DockerState,
): Promise<ImageFunctionsCheck | undefined> {
  const images = functions.filter(({ code }) => code.kind === "image").map(({ logicalId }) => logicalId);
  if (images.length === 0) return undefined;
  const target = docker.state === "ready" ? engineTarget(docker.host) : undefined;
  if (target === undefined) return { functions: images, canRun: false, note: "they need a Docker engine" };
  try {
    return { functions: images, canRun: true, note: (await functionNetwork(target)).note };
  } catch (error) {
    return { functions: images, canRun: false, note: messageOf(error) };
  }
}
