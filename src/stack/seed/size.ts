/** Sizes as people type them: `2k`, `1.5m`, `512`, `1MiB`. Units are binary, as in `du` and Lambda's own MB. */
import { AppError } from "../../shared/errors.js";

const UNIT_BYTES = { "": 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;

/** Bytes; whole numbers of them. */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmg]?)(?:i?b)?$/i.exec(text.trim());
  const unit = match?.[2]?.toLowerCase() as keyof typeof UNIT_BYTES | undefined;
  if (match?.[1] === undefined || unit === undefined) {
    throw new AppError("LR1005", {
      what: `Expected a size such as 2k, 1.5m or 512, got ${JSON.stringify(text)}`,
      fix: "Write a number, with k, m or g behind it if you like.",
    });
  }
  return Math.round(Number(match[1]) * UNIT_BYTES[unit]);
}
