/**
 * What a client knows about its writes. An acknowledged write must be there afterwards; one that was under way when
 * the process died may or may not be.
 */

/** The states that a thing may be in: one, once a write was acknowledged; several, while one hangs in the air. */
export class Possible<T> {
  #states: T[];

  constructor(initial: T) {
    this.#states = [initial];
  }

  /** A write is about to be sent: from now on its result is possible too. */
  sending(state: T): void {
    this.#states = [...this.#states, state];
  }

  acknowledged(state: T): void {
    this.#states = [state];
  }

  /** The write was refused or never left: what was before, is. */
  refused(): void {
    this.#states = this.#states.slice(0, -1);
  }

  has(state: T): boolean {
    return this.#states.includes(state);
  }

  toString(): string {
    return this.#states.map(String).join(" or ");
  }
}

/** How often something was done: at least as often as acknowledged, at most as often as sent. */
export class Tally {
  #acknowledged = 0;
  #sent = 0;

  sending(): void {
    this.#sent += 1;
  }

  acknowledged(): void {
    this.#acknowledged += 1;
  }

  check(what: string, count: number): void {
    if (count < this.#acknowledged || count > this.#sent) {
      throw new Error(`${what} is ${count}; ${this.#acknowledged} were acknowledged and ${this.#sent} sent`);
    }
  }
}
