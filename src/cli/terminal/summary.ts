/** What a session did, said at its end. */
import { failed, type ExecutionRecord, type InvocationRecord } from "../../stack/history/records.js";

/** Durations that percentiles are made of; a longer session speaks of its last ones. */
const MAX_DURATIONS = 10_000;

interface Figures {
  readonly invocations: number;
  readonly failures: number;
  /** Of invocations. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  /** Of state machines and durable functions. */
  readonly executions: number;
  readonly failedExecutions: number;
}

export class Summary {
  #invocations = 0;
  #failures = 0;
  #executions = 0;
  #failedExecutions = 0;
  readonly #durations: number[] = [];

  add(record: InvocationRecord): void {
    this.#invocations += 1;
    if (failed(record)) this.#failures += 1;
    this.#durations.push(record.durationMs);
    if (this.#durations.length > MAX_DURATIONS) this.#durations.shift();
  }

  addExecution(record: ExecutionRecord): void {
    this.#executions += 1;
    if (failed(record)) this.#failedExecutions += 1;
  }

  get figures(): Figures {
    const sorted = [...this.#durations].sort((a, b) => a - b);
    const at = (share: number): number | null => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
    return {
      invocations: this.#invocations,
      failures: this.#failures,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      executions: this.#executions,
      failedExecutions: this.#failedExecutions,
    };
  }

  toString(): string {
    const { invocations, failures, p50Ms, p95Ms, executions, failedExecutions } = this.figures;
    const ran =
      invocations === 0
        ? "no invocations"
        : `${counted(invocations, "invocation")}, p50 ${p50Ms} ms, p95 ${p95Ms} ms, ${failures} failed`;
    return executions === 0 ? ran : `${ran}; ${counted(executions, "execution")}, ${failedExecutions} failed`;
  }
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
