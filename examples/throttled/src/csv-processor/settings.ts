/** The function's environment variables, read and checked once per environment. */

type Environment = Readonly<Record<string, string | undefined>>;

export interface Settings {
  /** Takes a POST for each row. */
  readonly apiEndpoint: string;
  readonly apiTimeoutMs: number;
  readonly maxConcurrentCalls: number;
  readonly maxAttempts: number;
  readonly retryBaseMs: number;
  /** Left of the function's time when no new batch is begun: room for a slow answer and for keeping what is done. */
  readonly reserveMs: number;
  readonly recordsTable: string;
  readonly recordTtlSeconds: number;
}

export function readSettings(env: Environment): Settings {
  const apiTimeoutMs = wholeNumber(env, "API_TIMEOUT_MS", 35_000);
  return {
    apiEndpoint: required(env, "API_ENDPOINT"),
    apiTimeoutMs,
    maxConcurrentCalls: wholeNumber(env, "MAX_CONCURRENT_CALLS", 5),
    maxAttempts: wholeNumber(env, "API_MAX_ATTEMPTS", 3),
    retryBaseMs: wholeNumber(env, "RETRY_BASE_MS", 1000),
    reserveMs: wholeNumber(env, "RESERVE_MS", apiTimeoutMs + 5000),
    recordsTable: required(env, "RECORDS_TABLE"),
    recordTtlSeconds: wholeNumber(env, "RECORD_TTL_HOURS", 24) * 3600,
  };
}

function required(env: Environment, name: string): string {
  const value = env[name] ?? "";
  if (value === "") throw new Error(`${name} is not set`);
  return value;
}

function wholeNumber(env: Environment, name: string, fallback: number): number {
  const value = Number(env[name] ?? fallback);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} is no whole number above 0`);
  return value;
}
