/**
 * The files that a build may use, as an archive: the folder without what .dockerignore names. An engine leaves that file
 * to its clients. https://docs.docker.com/build/concepts/context/
 */
import ignore from "@balena/dockerignore";
import { createReadStream, existsSync, readFileSync, type Dirent } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { pack, type Pack } from "tar-stream";

const IGNORE_FILE = ".dockerignore";

export function packContext(folder: string, dockerfile: string): Readable {
  const tar = pack();
  addFiles(tar, folder, dockerfile).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error as Error),
  );
  return Readable.from(tar, { objectMode: false });
}

async function addFiles(tar: Pack, folder: string, dockerfile: string): Promise<void> {
  const ignores = ignoredIn(folder);
  const always = new Set([dockerfile.replace(/^\.\//, ""), IGNORE_FILE]);
  for await (const { name, entry } of walk(folder, "")) {
    if (!always.has(name) && ignores(name)) continue;
    const path = join(folder, name);
    const { mode, mtime, size } = await lstat(path);
    if (entry.isSymbolicLink()) tar.entry({ name, mode, mtime, type: "symlink", linkname: await readlink(path) });
    else if (entry.isDirectory()) tar.entry({ name: `${name}/`, mode, mtime, type: "directory" });
    else if (entry.isFile()) await pipeline(createReadStream(path), tar.entry({ name, mode, mtime, size }));
  }
}

function ignoredIn(folder: string): (name: string) => boolean {
  const file = join(folder, IGNORE_FILE);
  if (!existsSync(file)) return () => false;
  const rules = ignore({ ignorecase: false }).add(readFileSync(file, "utf8"));
  return (name) => rules.ignores(name);
}

/** Everything below, folders before what is in them: a rule with `!` may take a file back out of an ignored one. */
async function* walk(folder: string, below: string): AsyncGenerator<{ readonly name: string; readonly entry: Dirent }> {
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    yield { name, entry };
    if (entry.isDirectory()) yield* walk(folder, name);
  }
}
