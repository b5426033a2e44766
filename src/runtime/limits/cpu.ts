/**
 * CPU share by memory: 1,769 MB are one vCPU. AWS: Lambda developer guide, "Configure Lambda function memory".
 * Off unless asked for: at 128 MB a function gets 7 % of a core and Node takes half a second to start, as on Lambda.
 */
import { LAMBDA } from "../../shared/aws-limits.js";

/** Short periods, so that a small share is a small stutter: 128 MB run for 1.4 ms of every 20. */
const PERIOD_US = 20_000;
/** The kernel refuses quotas below a millisecond. */
const MIN_QUOTA_US = 1000;

export interface CpuQuota {
  readonly quotaUs: number;
  readonly periodUs: number;
}

export function cpuQuotaOf(memoryMb: number): CpuQuota {
  const quotaUs = Math.round((memoryMb / LAMBDA.memoryMbPerVcpu) * PERIOD_US);
  return { quotaUs: Math.max(MIN_QUOTA_US, quotaUs), periodUs: PERIOD_US };
}
