/** Watches a running stack's code, template and configuration, and brings every change into it that can be brought. */
import { cacheFolder } from "../../runtime/cache-folder.js";
import type { Application } from "../../config/application.js";
import type { FunctionConfig } from "../../config/function-config.js";
import type { LoadedApplication } from "../../config/load-application.js";
import type { DebuggerOptions } from "../../runtime/launch-plans.js";
import type { Stack } from "../stack.js";
import { diffApplications } from "./application-diff.js";
import { CodeWatch } from "./code-watch.js";
import type { WatchEvent } from "./events.js";
import { FileWatch } from "./file-watch.js";

export interface WatchOptions {
  readonly stack: Stack;
  readonly projectRoot: string;
  /** What the stack was started with. */
  readonly loaded: LoadedApplication;
  /** Reads template and configuration anew. */
  readonly load: () => Promise<LoadedApplication>;
  readonly inspect?: (fn: FunctionConfig) => DebuggerOptions | undefined;
  readonly onEvent: (event: WatchEvent) => void;
  /** Other files to look at, and who hears of a change. */
  readonly alsoFiles?: readonly string[];
  readonly onFile?: (path: string) => void;
}

export class Watch {
  readonly #options: WatchOptions;
  readonly #files: FileWatch;
  readonly #code: CodeWatch;
  #loaded: LoadedApplication;
  #reloading: Promise<void> | undefined;
  #stale = false;
  #closed = false;
  #ready: Promise<void> = Promise.resolve();

  private constructor(options: WatchOptions) {
    this.#options = options;
    this.#loaded = options.loaded;
    this.#files = new FileWatch((path) => this.#changed(path));
    this.#code = new CodeWatch({
      host: options.stack.host,
      cache: cacheFolder(options.projectRoot),
      files: this.#files,
      inspect: options.inspect ?? (() => undefined),
      onEvent: options.onEvent,
    });
  }

  /** Returns at once; `ready` resolves when no save can be missed any more. */
  static start(options: WatchOptions, functions = options.stack.application.functions): Watch {
    const watch = new Watch(options);
    watch.#ready = (async () => {
      await watch.#files.add({ files: [...watch.#loaded.files, ...(options.alsoFiles ?? [])] });
      for (const fn of functions) if (!watch.#closed) await watch.#code.add(fn);
    })();
    // Whoever waits for it hears of a failure; nobody has to.
    watch.#ready.catch(() => undefined);
    return watch;
  }

  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Resolves when everything that was saved so far has been taken in. */
  async idle(): Promise<void> {
    await this.#reloading;
    await this.#code.idle();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#files.close();
    await this.#ready.catch(() => undefined);
    await this.idle();
    await this.#code.close();
  }

  #changed(path: string): void {
    this.#code.changed(path);
    if (this.#options.alsoFiles?.includes(path) === true) this.#options.onFile?.(path);
    if (!this.#loaded.files.includes(path)) return;
    this.#stale = true;
    this.#reloading ??= this.#reload().finally(() => (this.#reloading = undefined));
  }

  async #reload(): Promise<void> {
    while (this.#stale) {
      this.#stale = false;
      try {
        await this.#apply(await this.#options.load());
      } catch (error) {
        this.#options.onEvent({ kind: "unreadable", error });
      }
    }
  }

  async #apply(next: LoadedApplication): Promise<void> {
    const { stack, onEvent } = this.#options;
    const diff = diffApplications(this.#loaded, next, this.#options.loaded.application);
    this.#loaded = next;
    await this.#files.add({ files: next.files });
    const { changes, needsRestart, kept } = diff;
    if (changes.length === 0 && needsRestart.length === 0 && kept.length === 0) return;
    await stack.replaceApplication(next.application);
    // With the stack's own addresses in their environment.
    const bound = new Map(stack.application.functions.map((fn) => [fn.arn, fn]));
    for (const { arn } of [...diff.added, ...diff.changed]) {
      const fn = bound.get(arn);
      if (fn !== undefined) await this.#code.reconfigure(fn);
    }
    for (const fn of diff.removed) {
      await this.#code.remove(fn);
      await stack.host.remove(fn);
    }
    onEvent({ kind: "applied", changes: await inForce(changes, next.application), needsRestart, kept });
  }
}

/** A definition that AWS would refuse was told of, and is not taken. */
async function inForce(changes: readonly string[], { stateMachines }: Application): Promise<readonly string[]> {
  if (stateMachines.length === 0) return changes;
  const { definitionFault } = await import("../definition-faults.js");
  const refused = stateMachines.filter((machine) => definitionFault(machine) !== undefined);
  return changes.filter(
    (change) =>
      !refused.some(({ logicalId }) => change === `${logicalId} is made` || change.startsWith(`${logicalId}: `)),
  );
}
