/** The function's environment variables, read and checked once per environment. */
import { ConfigurationError } from "./errors.js";

type Environment = Readonly<Record<string, string | undefined>>;

const MEBIBYTE = 1024 * 1024;

export interface Settings {
  readonly environment: string;
  readonly idempotencyTable: string;
  readonly secretId: string;
  readonly archiveBucket: string;
  /** `AES256`, `aws:kms` ..., or undefined for none. */
  readonly encryption: string | undefined;
  readonly idempotencyTtlSeconds: number;
  readonly secretCacheTtlMs: number;
  readonly fetchWorkers: number;
  /** Fetched objects that may wait for the archive; as many as there are workers unless told otherwise. */
  readonly queueSize: number;
  readonly spoolMaxMemoryBytes: number;
  readonly archiveTimeoutMs: number;
  /** A fetched object that waits longer is counted as stalled; it goes on waiting. */
  readonly queuePutTimeoutMs: number;
  readonly minRemainingMs: number;
  readonly maxFileBytes: number;
}

export function readSettings(env: Environment): Settings {
  refuseMocksInProduction(env);
  const fetchWorkers = wholeNumber(env, "MAX_FETCH_WORKERS", 8, 1);
  const sse = env["MINIO_SSE_TYPE"] ?? "AES256";
  return {
    environment: env["ENVIRONMENT"] ?? "dev",
    idempotencyTable: required(env, "IDEMPOTENCY_TABLE"),
    secretId: required(env, "MINIO_SECRET_ID"),
    archiveBucket: required(env, "MINIO_BUCKET"),
    encryption: sse === "NONE" ? undefined : sse,
    idempotencyTtlSeconds: wholeNumber(env, "IDEMPOTENCY_TTL_HOURS", 24, 1) * 3600,
    secretCacheTtlMs: wholeNumber(env, "SECRET_CACHE_TTL_SECONDS", 300, 0) * 1000,
    fetchWorkers,
    queueSize: wholeNumber(env, "QUEUE_SIZE", fetchWorkers, 1),
    spoolMaxMemoryBytes: wholeNumber(env, "SPOOL_MAX_MEMORY_BYTES", 256 * MEBIBYTE, 0),
    archiveTimeoutMs: wholeNumber(env, "ARCHIVE_TIMEOUT_SECONDS", 300, 1) * 1000,
    queuePutTimeoutMs: wholeNumber(env, "QUEUE_PUT_TIMEOUT_SECONDS", 5, 0) * 1000,
    minRemainingMs: wholeNumber(env, "MIN_REMAINING_TIME_MS", 60_000, 0),
    maxFileBytes: wholeNumber(env, "MAX_FILE_SIZE_BYTES", 5 * MEBIBYTE, 1),
  };
}

function required(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new ConfigurationError(`${name} is not set.`);
  return value;
}

function wholeNumber(env: Environment, name: string, byDefault: number, min: number): number {
  const text = env[name];
  if (text === undefined || text === "") return byDefault;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min) {
    throw new ConfigurationError(`${name} must be a whole number from ${min}, got "${text}".`);
  }
  return value;
}

const PRODUCTION = /^prod(uction)?$/i;
/** Switches of test set-ups: with one of them the data would go nowhere, and every message would be deleted. */
const MOCK_SWITCH = /^(USE_MOTO|USE_MOCKS?|MOCK_[A-Z0-9_]+|TEST_MODE)$/;
const LOOPBACK = /^https?:\/\/(localhost|127\.|\[::1\])/;

function refuseMocksInProduction(env: Environment): void {
  if (!PRODUCTION.test(env["ENVIRONMENT"] ?? "")) return;
  for (const [name, value = ""] of Object.entries(env)) {
    const on = value !== "" && !/^(0|false|no|off)$/i.test(value);
    if (MOCK_SWITCH.test(name) && on) throw new ConfigurationError(`${name} must not be set in production.`);
    if (name.startsWith("AWS_ENDPOINT_URL") && LOOPBACK.test(value)) {
      throw new ConfigurationError(`${name} points to this machine in production.`);
    }
  }
}
