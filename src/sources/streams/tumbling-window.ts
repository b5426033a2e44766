/**
 * Tumbling windows: what a function gets beside the records, and the state that it hands from one call to the next.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
 */
import { MEBIBYTE } from "../../shared/aws-limits.js";
import type { JsonObject } from "../../services/kit/json-protocol.js";
import type { OpenWindow } from "./positions.js";

/** "Your state can be a maximum of 1 MB per shard. If it exceeds that, Lambda terminates the window early." */
const MAX_STATE_BYTES = MEBIBYTE;

/** Windows stand one behind the other from the epoch on. */
export const windowStart = (arrivalMs: number, durationMs: number): number =>
  Math.floor(arrivalMs / durationMs) * durationMs;

export interface WindowCall {
  readonly window: OpenWindow;
  readonly durationMs: number;
  readonly shardId: string;
  readonly streamArn: string;
  readonly ending: "final" | "early" | undefined;
}

export const windowMembers = ({ window, durationMs, shardId, streamArn, ending }: WindowCall): JsonObject => ({
  window: { start: timeText(window.startMs), end: timeText(window.startMs + durationMs) },
  state: window.state,
  shardId,
  eventSourceARN: streamArn,
  isFinalInvokeForWindow: ending !== undefined,
  isWindowTerminatedEarly: ending === "early",
});

/** `2026-12-09T07:04:00Z` */
const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** What the function answers; undefined when there is none: "if the response doesn't contain state, it is a failed invocation". */
export function answeredState(payload: Buffer): { readonly state: unknown; readonly isTooLarge: boolean } | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(payload.toString("utf8"));
  } catch {
    return undefined;
  }
  if (typeof answer !== "object" || answer === null || !("state" in answer)) return undefined;
  const { state } = answer;
  if (typeof state !== "object" || state === null) return undefined;
  return { state, isTooLarge: Buffer.byteLength(JSON.stringify(state)) > MAX_STATE_BYTES };
}
