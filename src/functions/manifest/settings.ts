/** The function's environment variables, read and checked once per environment. */
import { ConfigurationError } from "./errors.js";

/** SigV4 query signatures live 1 second to 7 days. AWS: "Authenticating requests: using query parameters", S3 API. */
export const MAX_EXPIRES_SECONDS = 7 * 24 * 3600;

/** Above it a full queue alone would outgrow the memory of a small function. */
const MAX_QUEUE = 100_000;

type Environment = Readonly<Record<string, string | undefined>>;

export interface Settings {
  /** Bucket for events that name none. */
  readonly bucket: string | undefined;
  readonly sourcePrefix: string;
  /** Never empty, always ends in `/`. */
  readonly manifestPrefix: string;
  readonly expiresInSeconds: number;
  readonly queueMax: number;
}

export function readSettings(env: Environment): Settings {
  const manifestPrefix = env["MANIFEST_PREFIX"] ?? "manifests/";
  if (!/^[^/].*\/$/.test(manifestPrefix)) {
    throw new ConfigurationError(`MANIFEST_PREFIX must name a folder such as "manifests/", got "${manifestPrefix}".`);
  }
  return {
    bucket: env["REPORTS_BUCKET"] === "" ? undefined : env["REPORTS_BUCKET"],
    sourcePrefix: env["SOURCE_PREFIX"] ?? "2026/04/",
    manifestPrefix,
    expiresInSeconds: variable(env, "URL_EXPIRES_SECONDS", 3600, MAX_EXPIRES_SECONDS),
    queueMax: variable(env, "QUEUE_MAX", 2000, MAX_QUEUE),
  };
}

function variable(env: Environment, name: string, byDefault: number, max: number): number {
  const value = env[name] ?? byDefault;
  const number = wholeNumber(value, max);
  if (number === undefined) {
    throw new ConfigurationError(`${name} must be a whole number from 1 to ${max}, got "${value}".`);
  }
  return number;
}

/** A whole number from 1 to `max`, as a number or as decimal text (query strings and variables are text). */
export function wholeNumber(value: unknown, max: number): number | undefined {
  const number = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isInteger(number) && number >= 1 && number <= max ? number : undefined;
}
