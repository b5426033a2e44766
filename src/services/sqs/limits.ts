/**
 * SQS's own numbers. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-quotas.html
 */
import { MEBIBYTE } from "../../shared/aws-limits.js";

export const SQS = {
  messageBytes: MEBIBYTE,
  batchBytes: MEBIBYTE,
  batchEntries: 10,
  messageAttributes: 10,
  attributeNameBytes: 256,
  inFlight: 120_000,
  receiveMaximum: 10,
  waitSeconds: 20,
  delaySeconds: 900,
  visibilitySeconds: 43_200,
  visibilityTotalMs: 43_200_000,
  deduplicationMs: 300_000,
  receiveAttemptMs: 300_000,
  purgeIntervalMs: 60_000,
  recreateWaitMs: 60_000,
  tags: 50,
  policyStatements: 20,
  permissionActions: 7,
  moveTasksListed: 10,
  moveTaskRate: 500,
} as const;

/** A body of 1 MiB whose every byte is written as a JSON or percent escape, and the members around it. */
export const MAX_REQUEST_BYTES = 8 * MEBIBYTE;
