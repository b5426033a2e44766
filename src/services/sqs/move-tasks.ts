/**
 * Redrive of a dead-letter queue. A task is a row that says how far it has come, so that it goes on after a restart;
 * with a rate it moves that many messages each second, else a few hundred at a time.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import { sqsError } from "./errors.js";
import { SQS } from "./limits.js";
import type { QueueRegistry } from "./registry.js";
import type { MoveTaskRow, SqsStore } from "./store.js";

const CHUNK = 200;
const SECOND_MS = 1000;
const SOURCE_MISSING = "The resource that you specified for the SourceArn parameter doesn't exist.";

export class MoveTasks {
  readonly #store: SqsStore;
  readonly #clock: Clock;
  readonly #registry: QueueRegistry;
  readonly #log: Logger;
  /** By source ARN: one active task for each queue. */
  readonly #running = new Map<string, { row: MoveTaskRow; cancel: () => void }>();
  #closed = false;

  constructor(store: SqsStore, clock: Clock, registry: QueueRegistry, log: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#registry = registry;
    this.#log = log;
    for (const { value: row } of store.moveTasks.getRange({})) {
      if (row.status === "RUNNING") this.#schedule(row, 0);
    }
  }

  async start(
    sourceArn: string,
    destinationArn: string | undefined,
    ratePerSecond: number | undefined,
  ): Promise<string> {
    const source = this.#registry.byArn(sourceArn);
    if (source === undefined) throw sqsError.resourceNotFound(SOURCE_MISSING);
    if (this.#registry.sourcesOf(sourceArn).length === 0)
      throw sqsError.invalidParameter("Source queue must be configured as a Dead Letter Queue.");
    if (destinationArn !== undefined) {
      const destination = this.#registry.byArn(destinationArn);
      if (destination === undefined)
        throw sqsError.resourceNotFound(
          "The resource that you specified for the DestinationArn parameter doesn't exist.",
        );
      if (destination === source)
        throw sqsError.invalidParameter("Source queue arn and destination queue arn should not be the same.");
      if (destination.fifo !== source.fifo)
        throw sqsError.invalidParameter("Source queue and destination queue must be of the same type.");
    }
    if (ratePerSecond !== undefined && (ratePerSecond < 1 || ratePerSecond > SQS.moveTaskRate)) {
      throw sqsError.invalidValue(
        ratePerSecond,
        "MaxNumberOfMessagesPerSecond",
        `Must be between 1 and ${SQS.moveTaskRate}, if provided.`,
      );
    }
    if (this.#running.has(sourceArn)) {
      throw sqsError.invalidParameter(
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
      );
    }
    const row: MoveTaskRow = {
      taskId: randomUUID(),
      sourceArn,
      ...(destinationArn === undefined ? {} : { destinationArn }),
      ...(ratePerSecond === undefined ? {} : { ratePerSecond }),
      startedMs: this.#clock.now(),
      status: "RUNNING",
      moved: 0,
      toMove: source.visibleCount(),
    };
    // Before the first wait: a second start must find it.
    this.#schedule(row, 0);
    await this.#save(row);
    return taskHandle(row);
  }

  /** Answers how many messages were moved before. */
  async cancel(handle: string): Promise<number> {
    const { taskId, sourceArn } = openTaskHandle(handle);
    if (this.#registry.byArn(sourceArn) === undefined) throw sqsError.resourceNotFound(SOURCE_MISSING);
    const running = this.#running.get(sourceArn);
    if (running === undefined || running.row.taskId !== taskId) throw sqsError.resourceNotFound("Task does not exist.");
    running.cancel();
    this.#running.delete(sourceArn);
    await this.#save({ ...running.row, status: "CANCELLED" });
    return running.row.moved;
  }

  handleOf(row: MoveTaskRow): string {
    return taskHandle(row);
  }

  /** Newest first. */
  list(sourceArn: string, limit: number): MoveTaskRow[] {
    if (this.#registry.byArn(sourceArn) === undefined) throw sqsError.resourceNotFound(SOURCE_MISSING);
    const range = { start: [sourceArn, Infinity], end: [sourceArn], reverse: true, limit };
    return [...this.#store.moveTasks.getRange(range)].map(({ value }) => value);
  }

  /** Forgets the tasks that run; their rows go with the store. */
  reset(): void {
    for (const { cancel } of this.#running.values()) cancel();
    this.#running.clear();
  }

  close(): void {
    this.#closed = true;
    this.reset();
  }

  #schedule(row: MoveTaskRow, delayMs: number): void {
    const cancel = this.#clock.after(delayMs, () => {
      this.#step(row).catch((error: unknown) => this.#log.error({ err: error }, "a message move task stopped"));
    });
    this.#running.set(row.sourceArn, { row, cancel });
  }

  async #step(row: MoveTaskRow): Promise<void> {
    const source = this.#registry.byArn(row.sourceArn);
    if (source === undefined) return this.#finish(row, "FAILED", "AWS.SimpleQueueService.NonExistentQueue");
    const left = row.toMove - row.moved;
    const { moved, stuck } = await source.moveOut(Math.min(left, row.ratePerSecond ?? CHUNK), (message) =>
      this.#registry.byArn(row.destinationArn ?? message.deadLetterSourceArn ?? ""),
    );
    const next: MoveTaskRow = { ...row, moved: row.moved + moved };
    if (this.#closed || this.#running.get(row.sourceArn)?.row.taskId !== row.taskId) return undefined;
    if (stuck) {
      const reason =
        row.destinationArn === undefined ? "CouldNotDetermineMessageSource" : "AWS.SimpleQueueService.NonExistentQueue";
      return this.#finish(next, "FAILED", reason);
    }
    if (next.moved >= next.toMove || moved === 0) return this.#finish(next, "COMPLETED");
    this.#schedule(next, row.ratePerSecond === undefined ? 0 : SECOND_MS);
    return this.#save(next);
  }

  async #finish(row: MoveTaskRow, status: "COMPLETED" | "FAILED", failureReason?: string): Promise<void> {
    this.#running.delete(row.sourceArn);
    await this.#save({ ...row, status, ...(failureReason === undefined ? {} : { failureReason }) });
  }

  async #save(row: MoveTaskRow): Promise<void> {
    await this.#store.write(() => this.#store.moveTasks.putSync([row.sourceArn, row.startedMs, row.taskId], row));
  }
}

/** AWS's handles are base64 of a JSON document with these two members. */
function taskHandle(row: MoveTaskRow): string {
  return Buffer.from(JSON.stringify({ taskId: row.taskId, sourceArn: row.sourceArn })).toString("base64");
}

function openTaskHandle(handle: string): { readonly taskId: string; readonly sourceArn: string } {
  try {
    const value: unknown = JSON.parse(Buffer.from(handle, "base64").toString("utf8"));
    if (typeof value === "object" && value !== null && "taskId" in value && "sourceArn" in value) {
      const { taskId, sourceArn } = value;
      if (typeof taskId === "string" && typeof sourceArn === "string") return { taskId, sourceArn };
    }
  } catch {
    // Not JSON: answered as any other text that is no handle.
  }
  throw sqsError.invalidParameter("Value for parameter TaskHandle is invalid.");
}
