/** `90s`, `5m`, `1h 30m`: spans of time as people write them. */
import { AppError } from "../shared/errors.js";

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds; a number is taken as milliseconds. Throws LR1005 for anything that is no span. */
export function parseDuration(span: string | number): number {
  if (typeof span === "number" && Number.isFinite(span) && span >= 0) return span;
  const text = String(span).trim();
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*/gy)];
  const read = parts.map(([part]) => part).join("");
  if (parts.length === 0 || read.trim() !== text) {
    throw new AppError("LR1005", {
      what: `"${text}" is no span of time`,
      fix: 'Write milliseconds or something like "90s", "5m" or "1h 30m".',
    });
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS_MS[unit ?? ""] ?? 0), 0);
}
