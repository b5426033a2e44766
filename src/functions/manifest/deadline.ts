/** Ends the work shortly before Lambda would kill the process, so that nothing half-written stays behind. */

/** Time for the clean-up: abort the upload, remove the file, answer. */
const MARGIN_MS = 1000;
/** Functions with a short timeout keep nine tenths of it. */
const MARGIN_SHARE = 0.1;

/** Calls `onNear` with the time that was left at the start and the margin kept. Returns the way to call it off. */
export function armDeadline(remainingMs: number, onNear: (limitMs: number, marginMs: number) => void): () => void {
  const marginMs = Math.max(0, Math.round(Math.min(MARGIN_MS, remainingMs * MARGIN_SHARE)));
  const timer = setTimeout(() => onNear(remainingMs, marginMs), remainingMs - marginMs);
  return () => clearTimeout(timer);
}
