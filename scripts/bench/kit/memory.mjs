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

const SAMPLE_EVERY_MS = 100;

/** The most memory of its own that a process has while it is watched: the kernel keeps no high-water mark of that. */
export function watchOwnBytes(pid) {
  let peakBytes = 0;
  const look = () => (peakBytes = Math.max(peakBytes, resourceUsageOf(pid)?.ownBytes ?? 0));
  const timer = setInterval(look, SAMPLE_EVERY_MS);
  return {
    stop() {
      look();
      clearInterval(timer);
      return peakBytes;
    },
  };
}

export const megabytes = (bytes) => bytes / KB / KB;
