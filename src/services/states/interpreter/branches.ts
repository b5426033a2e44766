/**
 * Runs the branches of a Parallel state, or the iterations of a Map: the first that fails breaks the others off, and its
 * failure is that of the state. The state goes on when all have ended, so that the history has their ends before its own.
 */
import { setMaxListeners } from "node:events";
import type { Json } from "../../../config/json.js";
import type { Frame } from "./run.js";

export type BranchEnd = "Succeeded" | "Failed" | "Aborted";

/** Why a branch is broken off; nobody sees it but the branch itself. */
const NO_LONGER_WANTED = new Error("another branch has failed");

export class Branches {
  readonly #parent: Frame;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #failed: { readonly reason: unknown } | undefined;

  constructor(parent: Frame) {
    this.#parent = parent;
    this.#signal = AbortSignal.any([parent.signal, this.#ending.signal]);
    // Every branch listens to it.
    setMaxListeners(0, this.#signal);
  }

  get brokenOff(): boolean {
    return this.#signal.aborted;
  }

  /** A branch sees the variables around it; what it assigns ends with it. */
  frame(previousEventId: number, map: Frame["map"]): Frame {
    return { variables: this.#parent.variables, previousEventId, signal: this.#signal, map, nested: true };
  }

  /**
   * Does the work of a branch. Its output; `undefined` when there is none, and `join` is going to throw. `ended` is told before
   * other branches are broken off.
   */
  async run(frame: Frame, work: () => Promise<Json>, ended?: (how: BranchEnd) => void): Promise<Json | undefined> {
    try {
      const output = await work();
      ended?.("Succeeded");
      return output;
    } catch (reason) {
      ended?.(this.brokenOff ? "Aborted" : "Failed");
      this.#fail(reason, frame);
      return undefined;
    }
  }

  /** Throws what has ended a branch: the stop of the execution, else the first failure. The state goes on from there. */
  join(): void {
    if (this.#parent.signal.aborted) throw this.#parent.signal.reason as Error;
    if (this.#failed !== undefined) throw this.#failed.reason;
  }

  #fail(reason: unknown, frame: Frame): void {
    if (this.brokenOff) return;
    this.#failed = { reason };
    this.#parent.previousEventId = frame.previousEventId;
    this.#ending.abort(NO_LONGER_WANTED);
  }
}
