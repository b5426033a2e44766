/**
 * Lets the small writes of one turn of the event loop share a transaction: with 16 clients at once a commit, which
 * costs more than the change itself, is paid once for several of them. Each is answered after that commit.
 */
import { AwsError } from "../../kit/aws-error.js";
import type { StateStore } from "../../kit/state-store.js";

interface Job {
  /** Does the work; gives the way to answer for it. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

export class WriteQueue {
  readonly #store: StateStore;
  #jobs: Job[] = [];

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** `work` may throw an `AwsError` only before its first write; any other error undoes what shares its transaction. */
  write<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = (): (() => void) => {
        const value = work();
        return () => resolve(value);
      };
      if (this.#jobs.push({ run, reject }) === 1) setImmediate(() => void this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const jobs = this.#jobs;
    this.#jobs = [];
    let answers: (() => void)[] = [];
    try {
      answers = await this.#store.write(() => jobs.map(runOne));
    } catch (error) {
      for (const job of jobs) job.reject(error);
    }
    for (const answer of answers) answer();
  }
}

function runOne({ run, reject }: Job): () => void {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return () => reject(error);
  }
}
