const SECOND_MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;

/** `12 s`, `3 min`, `5 h`. */
export function ageText(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS);
  if (seconds < MINUTE_S) return `${seconds} s`;
  return seconds < HOUR_S ? `${Math.floor(seconds / MINUTE_S)} min` : `${Math.floor(seconds / HOUR_S)} h`;
}
