/**
 * The dead letter of a durable execution that began with an event and has failed: "durable functions support dead-letter
 * queues (DLQs) for error handling, but don't support Lambda destinations."
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html
 */
import type { DurableExecutionRow } from "../../services/lambda/index.js";
import { deliverOutcome, type DestinationOptions } from "./destinations.js";

/** Rejects when it should be tried again. */
export function sendDurableLetter(row: DurableExecutionRow, input: string, options: DestinationOptions): Promise<void> {
  const { id: requestId, functionName, startMs: enqueuedMs, version, error, status } = row;
  const payload = Buffer.from(JSON.stringify({ errorMessage: error?.ErrorMessage ?? status }));
  const failed = { status: "error", durationMs: 0, billedDurationMs: 0, memorySizeMb: 0, maxMemoryUsedMb: 0 } as const;
  const result = {
    requestId,
    executedVersion: version,
    functionError: "Unhandled" as const,
    payload,
    logs: "",
    report: { requestId, ...failed },
  };
  const event = { requestId, functionName, payload: input, enqueuedMs, attempts: 1, refusals: 0 };
  return deliverOutcome(
    { event, condition: "RetriesExhausted", invokeCount: 1, result },
    {
      ...options,
      settings: (name, qualifier) => ({
        ...options.settings(name, qualifier),
        onFailureArn: undefined,
        deadLetterTargetArn: row.deadLetterArn,
      }),
    },
  );
}
