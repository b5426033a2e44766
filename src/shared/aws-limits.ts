/**
 * AWS's own numbers, each in one place. The checks and the messages both read them from here.
 * Source: AWS Lambda developer guide, "Lambda quotas" and "Working with Lambda environment variables";
 * those marked (obs) were recorded on AWS.
 */
export const MEBIBYTE = 1024 * 1024;

export const LAMBDA = {
  memoryMb: { min: 128, max: 10_240, default: 128 },
  timeoutSeconds: { min: 1, max: 900, default: 3 },
  ephemeralStorageMb: { min: 512, max: 10_240, default: 512 },
  /** Measured on the JSON text of the map. */
  environmentBytes: 4096,
  initTimeoutMs: 10_000,
  syncRequestBytes: 6 * MEBIBYTE,
  asyncRequestBytes: MEBIBYTE,
  /** 6 MiB and 100 bytes (obs). */
  responseBytes: 6_291_556,
  streamedResponseBytes: 200 * MEBIBYTE,
  clientContextBytes: 3583,
  logTailBytes: 4096,
  fileDescriptors: 1024,
  layers: 5,
  unzippedPackageBytes: 262_144_000,
  zippedPackageBytes: 50 * MEBIBYTE,
  functionNameLength: 64,
  accountConcurrency: 1000,
  /** Memory that buys one vCPU. */
  memoryMbPerVcpu: 1769,
  maxExtensions: 10,
  /** 366 days: of executions of durable functions, their waits and delays. */
  durableSeconds: 31_622_400,
  durableRetentionDays: { min: 1, max: 90, default: 14 },
  /** Executions that may take longer are invoked asynchronously. */
  durableSyncSeconds: 900,
} as const;
