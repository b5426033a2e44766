/**
 * Tells when the content of files has really changed: saves without a change, the two events of one save and the empty
 * moment of a file that is written anew do not count. A file that editors replace is followed by its path.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, sep } from "node:path";
import type { FSWatcher } from "chokidar";

/**
 * Every file is looked at again after this time. chokidar drops the changes of a path for 50 ms after one that it told,
 * the last save among them; and a file that is empty or gone may be in the middle of a save.
 */
const GRACE_MS = 60;
/** A folder that cannot be watched (it has gone meanwhile) holds nobody up for longer. */
const ADD_TIMEOUT_MS = 1000;
const IGNORED = [`${sep}node_modules${sep}`, `${sep}.git${sep}`, `${sep}.lambda-run${sep}`];

export interface WatchedPaths {
  readonly files: Iterable<string>;
  /** Folders in which any file counts, with all that is below them. */
  readonly trees?: Iterable<string>;
}

export class FileWatch {
  readonly #onChange: (path: string) => void;
  readonly #hashes = new Map<string, string>();
  readonly #folders = new Set<string>();
  readonly #checks = new Map<string, NodeJS.Timeout>();
  #trees: readonly string[] = [];
  #flat: FSWatcher | undefined;
  #deep: FSWatcher | undefined;
  #closed = false;

  constructor(onChange: (path: string) => void) {
    this.#onChange = onChange;
  }

  /** What to look at from now on, in addition to what is looked at already. Resolves when nothing more can be missed. */
  async add({ files, trees = [] }: WatchedPaths): Promise<void> {
    const newFolders = new Set<string>();
    const newFiles: string[] = [];
    for (const file of files) {
      if (isIgnored(file)) continue;
      if (!this.#hashes.has(file)) {
        this.#hashes.set(file, hashOf(file));
        newFiles.push(file);
      }
      const folder = dirname(file);
      if (!this.#folders.has(folder)) newFolders.add(folder);
      this.#folders.add(folder);
    }
    const newTrees = [...trees].filter((tree) => !this.#trees.includes(tree));
    this.#trees = [...this.#trees, ...newTrees];
    // Not at the top: only a session that watches pays for it.
    const { watch } = await import("chokidar");
    if (this.#closed) return;
    const common = { ignoreInitial: true, ignored: isIgnored, ignorePermissionErrors: true };
    // An editor's swap file must not hold an event back for 100 ms: what is gone for a moment is told apart here.
    if (newFolders.size > 0) {
      this.#flat ??= this.#listen(watch([], { ...common, depth: 0, atomic: false }));
      await this.#added(this.#flat, [...newFolders], newFiles);
      // Saved after it was looked at and before it was watched.
      for (const file of newFiles) this.#check(file, false);
    }
    if (newTrees.length > 0) {
      this.#deep ??= this.#listen(watch([], { ...common, atomic: false }));
      await this.#added(this.#deep, newTrees, []);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#checks.values()) clearTimeout(timer);
    await Promise.all([this.#flat?.close(), this.#deep?.close()]);
  }

  #listen(watcher: FSWatcher): FSWatcher {
    return watcher
      .on("all", (_event, path) => this.#seen(path))
      .on("error", () => {
        // A folder that cannot be watched (its owner forbids it, or it went): what can be watched still is.
      });
  }

  /** chokidar says ready once; later additions are taken when it lists them: folders first, and a moment later their files. */
  #added(watcher: FSWatcher, folders: readonly string[], files: readonly string[]): Promise<void> {
    watcher.add([...folders]);
    const wanted = files.filter((file) => this.#hashes.get(file) !== GONE);
    return new Promise((resolve) => {
      const deadline = Date.now() + ADD_TIMEOUT_MS;
      const look = (): void => {
        const watched = watcher.getWatched();
        const isThere =
          folders.every((folder) => folder in watched) &&
          wanted.every((file) => watched[dirname(file)]?.includes(basename(file)) === true);
        if (this.#closed || isThere || Date.now() > deadline) resolve();
        else setTimeout(look, 1);
      };
      look();
    });
  }

  #seen(path: string): void {
    if (this.#closed || isIgnored(path)) return;
    this.#check(path, false);
    clearTimeout(this.#checks.get(path));
    this.#checks.set(
      path,
      setTimeout(() => {
        this.#checks.delete(path);
        this.#check(path, true);
      }, GRACE_MS),
    );
  }

  #check(path: string, settled: boolean): void {
    const hash = hashOf(path);
    if (hash === this.#hashes.get(path)) return;
    if ((hash === GONE || hash === EMPTY) && !settled) return;
    this.#hashes.set(path, hash);
    this.#onChange(path);
  }
}

const GONE = "";
const EMPTY = createHash("sha1").update("").digest("base64");

function hashOf(path: string): string {
  try {
    return createHash("sha1").update(readFileSync(path)).digest("base64");
  } catch {
    return GONE;
  }
}

const isIgnored = (path: string): boolean => IGNORED.some((part) => `${path}${sep}`.includes(part));
