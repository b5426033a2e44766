/**
 * The three spans of an answer: how long it let wait for itself, how long it took to come, and what the runtime did
 * until it asked for the next event. AWS Lambda developer guide, "Telemetry API Event schema reference" (Span).
 */
export interface Span {
  readonly durationMs: number;
  readonly name: "responseLatency" | "responseDuration" | "runtimeOverhead";
  readonly start: string;
}

export class ResponseClock {
  #deliveredAt = 0;
  #startedAt: number | undefined;
  #finishedAt: number | undefined;

  /** The event has gone to the runtime. */
  delivered(): void {
    this.#deliveredAt = performance.now();
    this.#startedAt = undefined;
    this.#finishedAt = undefined;
  }

  /** The head of an answer has come. */
  started(): void {
    this.#startedAt = performance.now();
  }

  /** Its last byte has. Errors are not timed. */
  finished(): void {
    this.#finishedAt = performance.now();
  }

  /** Up to now, when the runtime is done; undefined when there was no response. */
  get spans(): readonly Span[] | undefined {
    if (this.#startedAt === undefined || this.#finishedAt === undefined) return undefined;
    return [
      span("responseLatency", this.#deliveredAt, this.#startedAt),
      span("responseDuration", this.#startedAt, this.#finishedAt),
      span("runtimeOverhead", this.#finishedAt, performance.now()),
    ];
  }
}

function span(name: Span["name"], from: number, to: number): Span {
  const start = new Date(performance.timeOrigin + from).toISOString();
  return { durationMs: Math.round((to - from) * 1000) / 1000, name, start };
}
