/** A queue with room for a fixed number of items: a full one makes its producer wait, an empty one its consumer. */

interface Gate {
  readonly wait: Promise<void>;
  readonly open: () => void;
}

function gate(): Gate {
  let open = (): void => undefined;
  const wait = new Promise<void>((resolve) => (open = resolve));
  return { wait, open };
}

/** For one producer and one consumer. Whichever side fails calls `fail`, and the other side's next call throws that. */
export class BoundedQueue<T> {
  readonly #max: number;
  #items: T[] = [];
  #change = gate();
  #ended = false;
  #failure: { readonly reason: unknown } | undefined;
  #highWater = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** The most items that were ever in it. */
  get highWater(): number {
    return this.#highWater;
  }

  /** Resolves when the last of `items` is in. */
  async putAll(items: readonly T[]): Promise<void> {
    for (let next = 0; next < items.length;) {
      this.#throwFailure();
      const room = this.#max - this.#items.length;
      if (room === 0) {
        await this.#change.wait;
        continue;
      }
      const batch = items.slice(next, next + room);
      this.#items.push(...batch);
      next += batch.length;
      this.#highWater = Math.max(this.#highWater, this.#items.length);
      this.#changed();
    }
  }

  /** Everything that is in it, at least one item; an empty array once the producer has ended. */
  async takeAll(): Promise<readonly T[]> {
    for (;;) {
      this.#throwFailure();
      if (this.#items.length > 0) {
        const batch = this.#items;
        this.#items = [];
        this.#changed();
        return batch;
      }
      if (this.#ended) return [];
      await this.#change.wait;
    }
  }

  end(): void {
    this.#ended = true;
    this.#changed();
  }

  /** The first reason stays. What is still in the queue is dropped. */
  fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#items = [];
    this.#changed();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  #changed(): void {
    const { open } = this.#change;
    this.#change = gate();
    open();
  }
}
