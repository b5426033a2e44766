/**
 * The one store under all embedded services: LMDB (ordered keys, transactions, one file) for rows, and plain files
 * for object bodies. A write is acknowledged only after its commit, so a `kill -9` of this process loses nothing
 * that was answered. (The pages may still be in the kernel's cache: a power cut can lose the last moments unless
 * `durability: "disk"` is chosen.)
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as Lmdb from "lmdb";
import type { Database, DatabaseOptions, Key, RootDatabase } from "lmdb";
import { AppError, messageOf } from "../../shared/errors.js";
import { refuseDamagedStore } from "./store-file.js";
import { stateSecret } from "./state-secret.js";

export type Durability = "process" | "disk";

export interface StateStoreOptions {
  /** Folder of the state; made when missing. */
  readonly folder: string;
  /** Delete the folder at close. */
  readonly ephemeral?: boolean;
  /** `process` survives kill -9 (default); `disk` also a power cut. */
  readonly durability?: Durability;
  /** Called after every transaction: something may have changed. */
  readonly onCommit?: () => void;
}

/**
 * Highest number of named databases in one environment: the services have about 85 together, whatever their resources,
 * and each second store has 8 of its own (their number is bounded in the config's schema).
 */
const MAX_DATABASES = 320;

export class StateStore {
  readonly folder: string;
  /** Folder for object bodies; files in it are named by us, never by a client. */
  readonly blobFolder: string;
  /** Random per state folder; credentials for execution environments are derived from it. */
  readonly secret: Buffer;
  readonly #root: RootDatabase;
  readonly #ephemeral: boolean;
  readonly #durability: Durability;
  readonly #onCommit: (() => void) | undefined;
  #closed = false;

  private constructor(root: RootDatabase, options: StateStoreOptions, secret: Buffer) {
    this.#root = root;
    this.folder = options.folder;
    this.blobFolder = join(options.folder, "blobs");
    this.secret = secret;
    this.#ephemeral = options.ephemeral ?? false;
    this.#durability = options.durability ?? "process";
    this.#onCommit = options.onCommit;
  }

  /** Opens (and makes) a state folder. Throws LR5002 when it cannot be written. */
  static open(options: StateStoreOptions): StateStore {
    try {
      mkdirSync(join(options.folder, "blobs"), { recursive: true, mode: 0o700 });
      refuseDamagedStore(options.folder);
      // Loaded here and not at the top: a command that never touches the state does not pay for it.
      const { open } = require("lmdb") as typeof Lmdb;
      const root = open({
        path: join(options.folder, "state.mdb"),
        maxDbs: MAX_DATABASES,
        noSync: options.durability !== "disk",
        noMemInit: true,
        // One writer process at a time, held by the stack's lock file.
        overlappingSync: false,
      });
      // The folder may have been there before, open to others; secrets are in these files.
      for (const name of ["state.mdb", "state.mdb-lock"]) chmodSync(join(options.folder, name), 0o600);
      return new StateStore(root, options, stateSecret(options.folder));
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError("LR5002", {
        what: "The state folder cannot be opened for writing",
        where: options.folder,
        why: messageOf(error),
        cause: error,
      });
    }
  }

  get durability(): Durability {
    return this.#durability;
  }

  /** A store in a new temporary folder that is deleted at close. */
  static ephemeral(durability: Durability = "process"): StateStore {
    return StateStore.open({ folder: mkdtempSync(join(tmpdir(), "lambda-run-state-")), ephemeral: true, durability });
  }

  /** Opens a named table; keys are ordered bytewise (strings by UTF-8, arrays element by element). */
  table<V, K extends Key = Key>(name: string, options: DatabaseOptions = {}): Database<V, K> {
    return this.#root.openDB<V, K>({ name, ...options });
  }

  /**
   * Runs `work` in one write transaction and resolves after the commit. `work` must be synchronous; it sees its own
   * writes and those of transactions before it. When `work` throws, nothing it wrote is kept and the promise rejects
   * with what it threw. A synchronous commit costs about 10 us here, so nothing is gained by batching; only `disk`,
   * which waits for the device, shares commits between concurrent callers.
   */
  async write<T>(work: () => T): Promise<T> {
    if (this.#durability === "process") {
      const outcome = this.#root.transactionSync(work);
      this.#onCommit?.();
      return outcome;
    }
    const outcomes: T[] = [];
    await this.#root.childTransaction(() => void outcomes.push(work()));
    this.#onCommit?.();
    if (outcomes.length === 0) throw new Error("the transaction committed without running");
    return outcomes[0] as T;
  }

  /** Resolves when every write that was begun so far can be read; only `disk` commits later than its callers run. */
  async settled(): Promise<void> {
    if (this.#durability === "disk") await this.#root.childTransaction(() => undefined);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#root.close();
    if (this.#ephemeral) rmSync(this.folder, { recursive: true, force: true });
  }
}
