/** Times as CloudWatch writes them into texts. */

/** `2026-01-01T00:00:00.000+0000` */
export function awsDate(timeMs: number): string {
  return new Date(timeMs).toISOString().replace("Z", "+0000");
}

/** `01/01/26 00:00:00` */
export function shortDate(timeMs: number): string {
  const [, year, month, day, time] = /^\d\d(\d\d)-(\d\d)-(\d\d)T([\d:]{8})/.exec(new Date(timeMs).toISOString()) ?? [];
  return `${day}/${month}/${year} ${time}`;
}
