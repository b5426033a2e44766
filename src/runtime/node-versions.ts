/**
 * Which Node runs a `nodejsN.x` function: a real Node of that major fetched by `lambda-run runtimes add`, else the
 * host's own with a notice when its major differs.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { userCacheFolder } from "./cache-folder.js";

export interface NodeBinary {
  readonly path: string;
  /** `22.11.0`; also the key of code caches. */
  readonly version: string;
  /** Set when the function runs on another major than it declares. */
  readonly notice: string | undefined;
}

/** `~/.cache/lambda-run/runtimes/node-22.11.0/bin/node` and so on. */
export function runtimesFolder(): string {
  return join(userCacheFolder(), "runtimes");
}

export function nodeFor(runtime: string): NodeBinary {
  const wanted = /^nodejs(\d+)/.exec(runtime)?.[1];
  const own = process.versions.node;
  if (wanted === undefined || own.startsWith(`${wanted}.`))
    return { path: process.execPath, version: own, notice: undefined };
  const fetched = fetchedNode(wanted);
  if (fetched !== undefined) return fetched;
  return {
    path: process.execPath,
    version: own,
    notice: `${runtime} runs on this machine's Node ${own} by the rules of ${runtime}; \`lambda-run runtimes add ${runtime}\` fetches the real one`,
  };
}

function fetchedNode(major: string): NodeBinary | undefined {
  const folder = runtimesFolder();
  if (!existsSync(folder)) return undefined;
  const versions = readdirSync(folder)
    .map((name) => /^node-(\d+\.\d+\.\d+)$/.exec(name)?.[1])
    .filter(
      (version) =>
        version?.startsWith(`${major}.`) === true && existsSync(join(folder, `node-${version}`, "bin", "node")),
    );
  const version = versions.sort((a, b) => (a ?? "").localeCompare(b ?? "", "en", { numeric: true })).at(-1);
  return version === undefined
    ? undefined
    : { path: join(folder, `node-${version}`, "bin", "node"), version, notice: undefined };
}
