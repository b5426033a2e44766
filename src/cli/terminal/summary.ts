/** What a session did, said at its end. */
import { failed, type InvocationRecord } from "../../stack/history/records.js";

/** Durations that percentiles are made of; a longer session speaks of its last ones. */
const MAX_DURATIONS = 10_000;

export class Summary {
  #invocations = 0;
  #failures = 0;
  readonly #durations: number[] = [];

  add(record: InvocationRecord): void {
    this.#invocations += 1;
    if (failed(record)) this.#failures += 1;
    this.#durations.push(record.durationMs);
    if (this.#durations.length > MAX_DURATIONS) this.#durations.shift();
  }

  get figures(): { invocations: number; failures: number; p50Ms: number | null; p95Ms: number | null } {
    const sorted = [...this.#durations].sort((a, b) => a - b);
    const at = (share: number): number | null => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
    return { invocations: this.#invocations, failures: this.#failures, p50Ms: at(0.5), p95Ms: at(0.95) };
  }

  toString(): string {
    const { invocations, failures, p50Ms, p95Ms } = this.figures;
    if (invocations === 0) return "no invocations";
    return `${invocations} ${invocations === 1 ? "invocation" : "invocations"}, p50 ${p50Ms} ms, p95 ${p95Ms} ms, ${failures} failed`;
  }
}
