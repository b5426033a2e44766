/** Removes containers by their labels. */
import { containersWith, removeContainer, type EngineTarget } from "./engine.js";
import { HOLDER_LABEL } from "./labels.js";

/** Answers their images. Holders go last: the engine keeps a volume that is still in use, for ever. */
export async function removeWith(target: EngineTarget, labels: readonly string[]): Promise<readonly string[]> {
  const found = await containersWith(target, labels);
  const isHolder = ({ Labels }: (typeof found)[number]): boolean => Labels[HOLDER_LABEL] !== undefined;
  for (const part of [found.filter((one) => !isHolder(one)), found.filter(isHolder)])
    await Promise.all(part.map(({ Id }) => removeContainer(target, Id)));
  return found.map(({ Image }) => Image);
}
