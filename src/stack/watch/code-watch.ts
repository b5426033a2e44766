/**
 * Keeps the code of functions up to date: a changed file rebuilds the functions that contain it and no others, one
 * build at a time for each, and what was changed meanwhile is built right after. Invocations under way finish on the
 * old code; a build that fails changes nothing.
 */
import { statSync } from "node:fs";
import type { CodeSource, FunctionConfig } from "../../config/function-config.js";
import { isPaper } from "../../runtime/build-papers.js";
import { incrementalBuilder, type BuiltCode, type IncrementalBuilder } from "../../runtime/bundle.js";
import type { RuntimeHost } from "../../runtime/host.js";
import type { DebuggerOptions } from "../../runtime/launch-plans.js";
import { withLayerFolders } from "../../runtime/layer-folders.js";
import { fromBuild } from "../../runtime/prepared-code.js";
import type { WatchEvent } from "./events.js";
import type { FileWatch } from "./file-watch.js";

export interface CodeWatchOptions {
  readonly host: RuntimeHost;
  readonly cache: string;
  readonly files: FileWatch;
  readonly inspect: (fn: FunctionConfig) => DebuggerOptions | undefined;
  readonly onEvent: (event: WatchEvent) => void;
}

type ImageSource = Extract<CodeSource, { kind: "image" }>;

interface Watched {
  config: FunctionConfig;
  builder: IncrementalBuilder | undefined;
  /** The last build that worked. */
  built: BuiltCode | undefined;
  /** Something that worked runs, whatever became of the last build. */
  serves: boolean;
  inputs: ReadonlySet<string>;
  broken: boolean;
  /** Files that changed since the build that runs now began. */
  dirty: Set<string>;
  working: Promise<void> | undefined;
}

/** While a build fails it is not known what belongs to it. A log file in the same folder does not. */
const SOURCE = /\.([cm]?[jt]sx?|json)$/;
/** A failure is told after this time unless the file changes again: it may have been saved half. */
const COMPLAINT_DELAY_MS = 60;

export class CodeWatch {
  readonly #options: CodeWatchOptions;
  readonly #functions = new Map<string, Watched>();
  #closed = false;

  constructor(options: CodeWatchOptions) {
    this.#options = options;
  }

  /** Begins to watch a function. The first build makes the later ones fast; what it finds is taken over when it is news. */
  async add(config: FunctionConfig): Promise<void> {
    const watched: Watched = {
      config,
      builder: undefined,
      built: undefined,
      serves: false,
      inputs: new Set(),
      broken: false,
      dirty: new Set(),
      working: undefined,
    };
    this.#functions.set(config.arn, watched);
    await this.#addLayers(config);
    if (config.code.kind === "image") return this.#addImage(watched, config.code);
    if (config.code.kind === "folder") return this.#options.files.add({ files: [], trees: [config.code.root] });
    // The folder of the handler, in case the first build fails and says nothing of its files.
    await this.#options.files.add({ files: [`${config.code.root}/${config.code.handlerFile}`] });
    await this.#rebuild(watched, true);
  }

  /** Layers that are not there cannot be watched. */
  async #addLayers({ layers }: FunctionConfig): Promise<void> {
    const there = layers.flatMap((path) => ({ path, stats: statSync(path, { throwIfNoEntry: false }) }));
    const pathsOf = (isFolder: boolean): string[] =>
      there.filter(({ stats }) => stats?.isDirectory() === isFolder).map(({ path }) => path);
    if (there.length > 0) await this.#options.files.add({ files: pathsOf(false), trees: pathsOf(true) });
  }

  /** Its first build goes on beside the start: an engine takes its time. What is in the folder of a build counts. */
  async #addImage(watched: Watched, { build }: ImageSource): Promise<void> {
    watched.working = this.#rebuild(watched, true)
      .then(() => this.#work(watched))
      .finally(() => (watched.working = undefined));
    if (build !== undefined) await this.#options.files.add({ files: [], trees: [build.context] });
  }

  /** Another configuration of the same function: code that is built stays. */
  async reconfigure(config: FunctionConfig): Promise<void> {
    const watched = this.#functions.get(config.arn);
    if (watched === undefined || JSON.stringify(watched.config.code) !== JSON.stringify(config.code)) {
      await this.remove(config);
      this.#options.host.updateSource(config);
      return this.add(config);
    }
    await watched.working;
    watched.config = config;
    await this.#addLayers(config);
    const { host, cache, inspect } = this.#options;
    host.updateSource(
      config,
      watched.built === undefined ? undefined : await fromBuild(config, watched.built, cache, inspect(config)),
    );
  }

  async remove(config: FunctionConfig): Promise<void> {
    const watched = this.#functions.get(config.arn);
    this.#functions.delete(config.arn);
    await watched?.working;
    await watched?.builder?.dispose();
  }

  /** A file has another content. */
  changed(path: string): void {
    for (const watched of this.#functions.values()) {
      const { code } = watched.config;
      const tree = code.kind === "folder" ? code.root : code.kind === "image" ? code.build?.context : undefined;
      const concerned =
        isInLayer(path, watched.config) ||
        (tree !== undefined
          ? path.startsWith(`${tree}/`)
          : watched.inputs.has(path) || (watched.broken && SOURCE.test(path)));
      if (!concerned) continue;
      watched.dirty.add(path);
      watched.working ??= this.#work(watched).finally(() => (watched.working = undefined));
    }
  }

  /** Resolves when nothing is being built. */
  async idle(): Promise<void> {
    for (const { working } of this.#functions.values()) await working;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.idle();
    for (const { builder } of this.#functions.values()) await builder?.dispose();
  }

  async #work(watched: Watched): Promise<void> {
    // One turn, so that files saved together are built together.
    await new Promise((resolve) => setImmediate(resolve));
    while (watched.dirty.size > 0 && !this.#closed) await this.#rebuild(watched, false);
  }

  async #rebuild(watched: Watched, first: boolean): Promise<void> {
    const { host, cache, files, inspect, onEvent } = this.#options;
    const { config } = watched;
    const changed = [...watched.dirty];
    watched.dirty = new Set();
    const startedAt = performance.now();
    const startedMs = Date.now();
    try {
      if (config.code.kind === "bundle") {
        const newLayer = changed.some((path) => isInLayer(path, config));
        if (newLayer || changed.some(isPaper)) {
          // What is left to the layers may be another package now, and the sources modules of another kind.
          await watched.builder?.dispose();
          watched.builder = undefined;
        }
        watched.builder ??= await incrementalBuilder(await withLayerFolders(config, () => cache), cache);
        const built = await watched.builder.build();
        const news = built.hash !== watched.built?.hash;
        const mended = watched.broken;
        const known = watched.inputs;
        watched.inputs = new Set(built.inputs);
        watched.broken = false;
        watched.built = built;
        watched.serves = true;
        // No part of the build: environments that are there have the old one mounted, one that waits included.
        if (newLayer) host.updateSource(config);
        else if (news && !(first && (await sameAsRunning(host, config, built))))
          host.updateSource(config, await fromBuild(config, built, cache, inspect(config)));
        if (!first && (news || mended || newLayer))
          onEvent({
            kind: "built",
            functionName: config.name,
            durationMs: performance.now() - startedAt,
            files: changed,
          });
        const added = built.inputs.filter((input) => !known.has(input));
        if (added.length === 0) return;
        await files.add({ files: added });
        // Saved after it was read and before it was watched.
        for (const file of added) if (changedSince(file, startedMs)) watched.dirty.add(file);
        if (first && watched.dirty.size > 0) await this.#work(watched);
      } else {
        if (config.code.kind !== "image") host.updateSource(config);
        else if (first) await host.prepare(config);
        else await host.renew(config);
        watched.broken = false;
        watched.serves = true;
        if (first) return;
        onEvent({
          kind: "built",
          functionName: config.name,
          durationMs: performance.now() - startedAt,
          files: changed,
        });
      }
    } catch (error) {
      watched.broken = true;
      await new Promise((resolve) => setTimeout(resolve, COMPLAINT_DELAY_MS));
      if (watched.dirty.size === 0 && !this.#closed)
        onEvent({ kind: "broken", functionName: config.name, error, servesOld: watched.serves, files: changed });
    }
  }
}

const isInLayer = (path: string, { layers }: FunctionConfig): boolean =>
  layers.some((layer) => path === layer || path.startsWith(`${layer}/`));

/** File systems keep coarser time than clocks: a build too many does no harm. */
const MTIME_SLACK_MS = 20;

function changedSince(file: string, timeMs: number): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) >= timeMs - MTIME_SLACK_MS;
}

/** The first build of a session usually finds what runs already. */
async function sameAsRunning(host: RuntimeHost, config: FunctionConfig, built: BuiltCode): Promise<boolean> {
  try {
    return (await host.build(config)).taskRoot === built.folder;
  } catch {
    return false;
  }
}
