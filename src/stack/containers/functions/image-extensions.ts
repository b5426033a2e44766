/**
 * External extensions of an image: the executables in its /opt/extensions. Lambda developer guide, "Using the Lambda
 * Extensions API". They are looked up in a container that is never started.
 */
import { extract } from "tar-stream";
import { pipeline } from "node:stream/promises";
import { call, openCall, removeContainer, type EngineTarget } from "../engine.js";

const FOLDER = "/opt/extensions";
const ANYBODY_RUNS = 0o111;

/** Their names, sorted; none when the engine cannot look into the image. */
export async function extensionsOf(
  target: EngineTarget,
  image: string,
  labels: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const json = { Image: image, Entrypoint: ["none"], Labels: labels, HostConfig: { NetworkMode: "none" } };
  const made = await call(target, { method: "POST", path: "/containers/create", json });
  if (made.status !== 201) return [];
  const { Id } = JSON.parse(made.body.toString("utf8")) as { readonly Id: string };
  try {
    const path = `/containers/${Id}/archive?path=${encodeURIComponent(FOLDER)}`;
    const { status } = await call(target, { method: "HEAD", path });
    return status === 200 ? await executablesAt(target, path) : [];
  } finally {
    await removeContainer(target, Id);
  }
}

async function executablesAt(target: EngineTarget, path: string): Promise<readonly string[]> {
  const names: string[] = [];
  const tar = extract();
  tar.on("entry", ({ name, type, mode }, content, next) => {
    const [, file, ...deeper] = name.split("/");
    const isProgram = type === "symlink" || (type === "file" && (mode & ANYBODY_RUNS) !== 0);
    if (isProgram && file !== undefined && deeper.length === 0) names.push(file);
    content.on("end", next).resume();
  });
  await pipeline(await openCall(target, { path }), tar);
  return names.sort();
}
