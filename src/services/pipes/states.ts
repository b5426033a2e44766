/**
 * The states of pipes: an operation answers with where a pipe is going, and it gets there behind the answer. What moves
 * the events of a pipe is handed in by the stack; without it a pipe goes through its states all the same.
 * https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_Pipe.html
 */
import type { Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import { messageOf } from "../../shared/errors.js";
import type { Logger } from "../../shared/logger.js";
import { known, type KnownPipe, type PipeRow, type PipeState, type PipeStore } from "./store.js";

export interface PipeRunner {
  /** Begins to move events, anew when it does already. Answers why it cannot; undefined when it does. */
  start(pipe: KnownPipe): Promise<string | undefined>;
  /** Takes nothing more; resolves when what was under way had its moment. */
  stop(name: string): Promise<void>;
  /** Stops, and forgets how far the pipe has come. */
  remove(name: string): Promise<void>;
}

export interface StatesOptions {
  readonly store: PipeStore;
  readonly realm: Realm;
  readonly clock: Clock;
  readonly log: Logger;
}

const FAILED: Readonly<Partial<Record<PipeState, PipeState>>> = {
  CREATING: "CREATE_FAILED",
  UPDATING: "UPDATE_FAILED",
  STARTING: "START_FAILED",
  RUNNING: "START_FAILED",
};

const PASSING: ReadonlySet<PipeState> = new Set(["CREATING", "UPDATING", "STARTING", "STOPPING", "DELETING"]);
export const isPassing = (state: PipeState): boolean => PASSING.has(state);

const MAX_REASON_LENGTH = 512;

export class PipeStates {
  readonly #options: StatesOptions;
  /** The last turn of each pipe: turns of one pipe go one after the other. */
  readonly #turns = new Map<string, Promise<void>>();
  #runner: PipeRunner | undefined;
  #closed = false;

  constructor(options: StatesOptions) {
    this.#options = options;
  }

  /** From now on this one moves the events, also those of pipes that an earlier process left running. */
  attach(runner: PipeRunner): Promise<void> {
    if (this.#runner !== undefined) return this.settled();
    this.#runner = runner;
    for (const { name } of this.#options.store.pipes()) this.settle(name);
    return this.settled();
  }

  /** Brings a pipe to where its state says that it is going. */
  settle(name: string): void {
    void this.#turn(name, () => this.#settle(name));
  }

  #turn(name: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(name) ?? Promise.resolve())
      // The turn of the call belongs to the one who answers the client.
      .then(() => new Promise((resolve) => setImmediate(resolve)))
      .then(() => (this.#closed ? undefined : work()))
      .catch((error: unknown) => this.#options.log.error({ err: error, pipe: name }, "a pipe did not change its state"))
      .finally(() => {
        if (this.#turns.get(name) === turn) this.#turns.delete(name);
      });
    this.#turns.set(name, turn);
    return turn;
  }

  /** Resolves when no pipe is on its way to another state. */
  async settled(): Promise<void> {
    while (this.#turns.size > 0) await Promise.all(this.#turns.values());
  }

  /** The pipe wants to stop: behind the turn that may still be bringing it to run, and unless somebody has changed it since. */
  stopped(name: string, reason: string): Promise<void> {
    return this.#turn(name, async () => {
      if (await this.#put(name, "RUNNING", "STOPPED", reason)) await this.#runner?.stop(name);
    });
  }

  /** All pipes are to be forgotten. */
  async drop(): Promise<void> {
    await this.settled();
    for (const { name } of this.#options.store.pipes()) await this.#runner?.remove(name);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.settled();
  }

  async #settle(name: string): Promise<void> {
    const { store, realm } = this.#options;
    const row = store.pipe(name);
    if (row === undefined) return;
    const { state, desiredState } = row;
    if (state === "DELETING") {
      await this.#runner?.remove(name);
      await store.write(() => {
        // A template may have declared it anew meanwhile.
        if (store.pipe(name)?.state === state) store.removePipe(name);
      });
    } else if (state === "STOPPING" || (isPassing(state) && desiredState === "STOPPED")) {
      await this.#runner?.stop(name);
      await this.#put(name, state, "STOPPED");
    } else if (desiredState === "RUNNING" && state !== "STOPPED") {
      const reason = await this.#start(known(realm, row));
      if (reason === undefined) await this.#put(name, state, "RUNNING");
      else await this.#put(name, state, FAILED[state] ?? state, reason);
    }
  }

  async #start(pipe: KnownPipe): Promise<string | undefined> {
    try {
      return await this.#runner?.start(pipe);
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Only from the state that the turn began in: whoever changed it meanwhile has a turn of his own. */
  #put(name: string, from: PipeState, state: PipeState, reason?: string): Promise<boolean> {
    const { store, clock } = this.#options;
    return store.write(() => {
      const row = store.pipe(name);
      if (row === undefined || row.state !== from) return false;
      const stateReason = reason?.slice(0, MAX_REASON_LENGTH);
      if (row.state !== state || row.stateReason !== stateReason)
        store.putPipe({ ...row, state, stateReason, modifiedMs: clock.now() });
      return true;
    });
  }
}

/** A row on its way to another state; to be settled once it is written. */
export const going = (row: PipeRow, state: PipeState, nowMs: number): PipeRow => ({
  ...row,
  state,
  stateReason: undefined,
  modifiedMs: nowMs,
});
