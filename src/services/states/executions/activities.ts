/**
 * Activities: Task states that wait for a worker, and workers that wait for a task. First come, first served.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
 */
import { randomBytes } from "node:crypto";
import type { Json } from "../../../config/json.js";
import type { Clock } from "../../../shared/clock.js";
import type { TaskCall, TaskProgress } from "../interpreter/task-runner.js";
import type { Callbacks } from "./callbacks.js";

/** A worker's poll is answered after this at the latest. */
const POLL_MS = 60_000;
const TOKEN_BYTES = 96;

export interface ActivityTask {
  readonly taskToken: string;
  readonly input: string;
}

interface Pending extends ActivityTask {
  readonly started: (workerName: string | undefined) => void;
}

interface Poll {
  readonly workerName: string | undefined;
  readonly finish: (task: Pending | undefined) => void;
}

interface Queue {
  readonly pending: Set<Pending>;
  readonly polls: Set<Poll>;
}

export class Activities {
  readonly #clock: Clock;
  readonly #callbacks: Callbacks;
  /** Only of activities that somebody waits at. */
  readonly #queues = new Map<string, Queue>();

  constructor(clock: Clock, callbacks: Callbacks) {
    this.#clock = clock;
    this.#callbacks = callbacks;
  }

  /** From the schedule to the end that a worker tells. */
  async run(arn: string, call: TaskCall, progress: TaskProgress, signal: AbortSignal): Promise<Json> {
    const taskToken = call.token ?? randomBytes(TOKEN_BYTES).toString("base64");
    const task: Pending = {
      taskToken,
      input: JSON.stringify(call.parameters),
      started: (workerName) => progress.started(workerName),
    };
    const ended = this.#callbacks.wait(taskToken, progress, signal);
    const queue = this.#queue(arn);
    const [poll] = queue.polls;
    if (poll === undefined) queue.pending.add(task);
    else this.#give(task, poll);
    try {
      return await ended;
    } finally {
      queue.pending.delete(task);
      this.#tidy(arn);
    }
  }

  /** The next task; none when the time is over or the worker went away. */
  poll(arn: string, workerName: string | undefined, signal: AbortSignal): Promise<ActivityTask | undefined> {
    const queue = this.#queue(arn);
    return new Promise((resolve) => {
      const poll: Poll = {
        workerName,
        finish: (task) => {
          cancel();
          signal.removeEventListener("abort", giveUp);
          queue.polls.delete(poll);
          this.#tidy(arn);
          resolve(task);
        },
      };
      const giveUp = (): void => poll.finish(undefined);
      const cancel = this.#clock.after(POLL_MS, giveUp);
      if (signal.aborted) return giveUp();
      const [task] = queue.pending;
      if (task !== undefined) {
        queue.pending.delete(task);
        return this.#give(task, poll);
      }
      queue.polls.add(poll);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  close(): void {
    for (const { polls } of this.#queues.values()) for (const poll of polls) poll.finish(undefined);
  }

  #give(task: Pending, poll: Poll): void {
    task.started(poll.workerName);
    poll.finish(task);
  }

  #queue(arn: string): Queue {
    const queue = this.#queues.get(arn) ?? { pending: new Set(), polls: new Set() };
    this.#queues.set(arn, queue);
    return queue;
  }

  #tidy(arn: string): void {
    const queue = this.#queues.get(arn);
    if (queue !== undefined && queue.pending.size === 0 && queue.polls.size === 0) this.#queues.delete(arn);
  }
}
