/**
 * Changes of one thing take turns, so that what a call has checked still holds when it writes: two of the same name, two
 * versions of the same number. Different things change side by side, since unpacking code takes its time.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  async take<T>(key: string, change: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const mine = before === undefined ? change() : before.then(change);
    const settled = mine.catch(() => undefined);
    this.#last.set(key, settled);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
