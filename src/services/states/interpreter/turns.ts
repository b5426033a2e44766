/**
 * Lets others have the event loop: Pass and Choice states take microtasks alone, so that a loop through them would hold it until
 * the history is full.
 */

/** Of one execution, over all its branches. Counted, not timed: the same run gives way at the same states. */
const STATES_PER_TURN = 64;

export class Turns {
  #states = 0;

  /** Counts a state; true when others are to go first. */
  isOver(): boolean {
    this.#states = (this.#states + 1) % STATES_PER_TURN;
    return this.#states === 0;
  }

  /** Resolves when all that waits has had its turn. */
  next(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}
