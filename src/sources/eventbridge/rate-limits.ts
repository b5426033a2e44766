/** When an API destination may be called next: at most so many times in any second. */
export class RateLimits {
  /** The last times of each destination, as many as its rate at most. */
  readonly #slots = new Map<string, number[]>();

  /** Reserves the next time, which is now or later. */
  slot(arn: string, perSecond: number, nowMs: number): number {
    const slots = this.#slots.get(arn) ?? [];
    const before = slots.at(-perSecond);
    const slotMs = before === undefined ? nowMs : Math.max(nowMs, before + 1000);
    slots.push(slotMs);
    if (slots.length > perSecond) slots.splice(0, slots.length - perSecond);
    this.#slots.set(arn, slots);
    return slotMs;
  }

  clear(): void {
    this.#slots.clear();
  }
}
