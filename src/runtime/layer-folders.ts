/**
 * The folders that are laid over /opt. A layer that is a folder is taken as it lies; a ZIP is unpacked, and what SAM
 * would build is put where it puts it (`nodejs`, `python`): both once for each content, among the builds.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/building-layers.html
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { FunctionConfig } from "../config/function-config.js";
import { dropOldBuilds, HASH_DIGITS, moveInto } from "./build-folder.js";

/** The same function with layers that can be mounted. Throws what `unzip` throws. `cacheOf` is asked only where one is made. */
export async function withLayerFolders(fn: FunctionConfig, cacheOf: () => string): Promise<FunctionConfig> {
  const { layers, builtLayers = {} } = fn;
  if (layers.every((layer) => !isArchive(layer) && builtLayers[layer] === undefined)) return fn;
  const cache = cacheOf();
  const folders = layers.map(async (layer) => {
    const under = builtLayers[layer];
    if (!existsSync(layer)) return layer;
    if (isArchive(layer)) return unpacked(layer, cache);
    return under === undefined ? layer : built(layer, under, cache);
  });
  return { ...fn, layers: await Promise.all(folders) };
}

const isArchive = (path: string): boolean => path.endsWith(".zip");

/** Functions that share a layer ask for it at the same time. */
const unpacking = new Map<string, Promise<void>>();

async function unpacked(archive: string, cache: string): Promise<string> {
  const { mtimeMs, size } = statSync(archive);
  const folder = folderFor(archive, [mtimeMs, size], cache);
  const work = unpacking.get(folder) ?? (existsSync(folder) ? undefined : unpack(archive, folder));
  if (work !== undefined) {
    unpacking.set(folder, work);
    await work.finally(() => unpacking.delete(folder));
  }
  return folder;
}

async function unpack(archive: string, folder: string): Promise<void> {
  await (await import("./unzip.js")).unzip(archive, folder);
  dropOldBuilds(dirname(folder), basename(folder));
}

function built(source: string, under: string, cache: string): string {
  const folder = folderFor(source, [under, stampsOf(source)], cache);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}.${performance.now()}`;
  mkdirSync(dirname(draft), { recursive: true });
  cpSync(source, join(draft, under), { recursive: true, verbatimSymlinks: true });
  moveInto(draft, folder);
  dropOldBuilds(dirname(folder), basename(folder));
  return folder;
}

const folderFor = (path: string, content: unknown, cache: string): string =>
  join(cache, "layers", hashOf(path), hashOf(content));

const hashOf = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, HASH_DIGITS);

/** Size and time of each file: what it holds is not read. */
function stampsOf(folder: string): readonly unknown[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const stats = statSync(join(folder, name), { throwIfNoEntry: false });
      return stats?.isDirectory() === true ? [name] : [name, stats?.size, stats?.mtimeMs];
    });
}
