/**
 * /tmp: 512 MB unless configured, up to 10,240. AWS: Lambda developer guide, "Configure ephemeral storage".
 * Where /tmp is a tmpfs of its own the kernel answers ENOSPC at the exact byte. Elsewhere the folder is measured.
 */
import { statfsSync, type Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Bytes in use on the file system mounted at `path`; undefined when it may not be looked at. */
export function mountedBytes(path: string): number | undefined {
  try {
    const stats = statfsSync(path);
    return (stats.blocks - stats.bfree) * stats.bsize;
  } catch {
    return undefined;
  }
}

/** `ulimit -f` counts blocks of 512 bytes; see ulimit in POSIX. */
const ULIMIT_BLOCKS_PER_MB = 2048;

/**
 * Shell text for where nothing else bounds /tmp at once: no single file grows past its size. Without it a child process
 * that the measuring has not caught up with could fill the host's disk. The write fails with EFBIG, the signal is unheard.
 */
export function fileSizeLimitSetup(ephemeralStorageMb: number): string {
  return `trap '' XFSZ; ulimit -f ${ephemeralStorageMb * ULIMIT_BLOCKS_PER_MB} 2>/dev/null`;
}

/** Blocks are counted in units of 512 bytes whatever the file system's own are; see stat(2). */
const STAT_BLOCK_BYTES = 512;

/** Bytes that a folder really holds on disk: holes do not count, a file with two names counts once. */
export async function folderBytes(folder: string): Promise<number> {
  const seen = new Set<string>();
  let total = 0;
  const visit = async (path: string): Promise<void> => {
    const stats: Stats | undefined = await lstat(path).catch(() => undefined); // removed while we look
    if (stats === undefined) return;
    const key = `${stats.dev}:${stats.ino}`;
    if (seen.has(key)) return;
    seen.add(key);
    if (!stats.isDirectory()) {
      total += stats.blocks * STAT_BLOCK_BYTES;
      return;
    }
    const names = await readdir(path).catch(() => []);
    for (const name of names) await visit(join(path, name));
  };
  await visit(folder);
  return total;
}
