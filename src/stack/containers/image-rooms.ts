/** Image functions get their engine at the first of them: a stack without any loads and asks nothing. */
import type { ResolvedConfig } from "../../config/schema.js";
import type { ImageRooms } from "./functions/index.js";

export function imageRooms(
  { containers, ports, secondStores }: ResolvedConfig,
  projectRoot: string,
  notice: (text: string) => void,
  closers: (() => Promise<void> | void)[],
): () => Promise<ImageRooms> {
  const called = [ports.http, ...Object.values(secondStores).map(({ port }) => port)].filter((port) => port !== 0);
  const options = { projectRoot, reaper: containers.reaper, ports: called, notice };
  let opening: Promise<ImageRooms> | undefined;
  closers.push(async () => {
    const rooms = await opening?.catch(() => undefined);
    await rooms?.close();
  });
  return () => {
    const current = opening ?? import("./functions/index.js").then(({ openImageRooms }) => openImageRooms(options));
    opening = current;
    // An engine that is started meanwhile is found by the next invocation.
    current.catch(() => (opening = undefined));
    return current;
  };
}
