/** Image functions get their engine at the first of them: a stack without any loads and asks nothing. */
import type { ImageRooms, ImageRoomsOptions } from "./functions/index.js";

export function imageRooms(
  options: ImageRoomsOptions,
  closers: (() => Promise<void> | void)[],
): () => Promise<ImageRooms> {
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
