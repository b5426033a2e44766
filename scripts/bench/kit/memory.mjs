/** What the kernel says of another process. Linux only; elsewhere the rows that need it are skipped. */
import { readFileSync } from "node:fs";

const KB = 1024;

/** Resident now, the highest ever, and how much of it is memory of its own (pages of a mapped file are not). */
export function resourceUsageOf(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return undefined;
  }
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? Number.NaN) * KB;
  return { residentBytes: field("VmRSS"), peakBytes: field("VmHWM"), ownBytes: field("RssAnon") };
}

export const megabytes = (bytes) => bytes / KB / KB;
