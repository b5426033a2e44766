/**
 * Merges Lambda layers into /opt: files of later layers win, folders are united.
 * AWS: Lambda developer guide, "Managing Lambda dependencies with layers" (layers are extracted in the order given).
 * The union is made of bind mounts: a folder that one layer alone has is shown whole, only shared folders are opened.
 * So it needs no overlay file system, no copy, and is the same in every tier.
 */
import { readdirSync, readlinkSync } from "node:fs";
import type { Dirent } from "node:fs";
import { join } from "node:path";

export type LayerEntry =
  | { readonly kind: "directory"; readonly guestPath: string }
  | { readonly kind: "bind"; readonly hostPath: string; readonly guestPath: string }
  | { readonly kind: "symlink"; readonly target: string; readonly guestPath: string };

/** What /opt consists of; a parent always comes before its children. */
export function mergeLayers(layers: readonly string[], guestPath: string): LayerEntry[] {
  const [only] = layers;
  if (only !== undefined && layers.length === 1) return [{ kind: "bind", hostPath: only, guestPath }];
  return mergeFolders(layers, guestPath);
}

function mergeFolders(folders: readonly string[], guestPath: string): LayerEntry[] {
  const owners = new Map<string, { readonly folder: string; readonly entry: Dirent }[]>();
  for (const folder of folders) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const others = owners.get(entry.name) ?? [];
      // A file hides what was there before; so does a folder over a file.
      const kept = entry.isDirectory() ? others.filter((other) => other.entry.isDirectory()) : [];
      owners.set(entry.name, [...kept, { folder, entry }]);
    }
  }
  const merged: LayerEntry[] = [{ kind: "directory", guestPath }];
  for (const [name, candidates] of owners) {
    const guest = join(guestPath, name);
    const paths = candidates.map((candidate) => join(candidate.folder, name));
    const [hostPath = "", ...more] = paths;
    if (more.length > 0) merged.push(...mergeFolders(paths, guest));
    else if (candidates[0]?.entry.isSymbolicLink())
      merged.push({ kind: "symlink", target: readlinkSync(hostPath), guestPath: guest });
    else merged.push({ kind: "bind", hostPath, guestPath: guest });
  }
  return merged;
}
