/**
 * The Lambda function `aggregation`: takes batches of S3 notifications from a queue, puts the objects they announce into
 * one tar.gz and delivers it to a store on premise. START HERE, then aggregation.ts.
 *
 * Answers with the ids of the messages that must come again; throws when all must (Powertools' rule, and so an error in
 * the function's metrics). Message bodies are never logged: they name the files of third parties.
 */
import { tmpdir } from "node:os";
import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { aggregate, type Report } from "./aggregation.js";
import { createClients } from "./clients.js";
import { ArchiveStore } from "./delivery.js";
import { reasonOf } from "./errors.js";
import { SecretCache } from "./secret-cache.js";
import { readSettings } from "./settings.js";
import { removeLeftovers } from "./spool.js";

const MEBIBYTE = 1024 * 1024;

// Once per environment; a wrong setting ends INIT, before a message can be lost.
const settings = readSettings(process.env);
const clients = createClients(process.env);
const store = new ArchiveStore(
  clients,
  new SecretCache(clients.secrets, settings.secretId, settings.secretCacheTtlMs),
  settings,
);
const logger = new Logger();
const metrics = new Metrics();
let coldStart = true;

export const handler = async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
  const startedAt = performance.now();
  removeLeftovers(tmpdir());
  const report = await aggregate(event.Records, {
    settings,
    clients,
    store,
    requestId: context.awsRequestId,
    remainingMs: context.getRemainingTimeInMillis(),
    memoryBytes: Number(context.memoryLimitInMB) * MEBIBYTE,
    folder: tmpdir(),
    now: () => new Date(),
  });
  logReport(event, report);
  publish(report, performance.now() - startedAt);
  return processPartialResponse(
    event,
    async ({ messageId }: SQSRecord) => {
      const failure = report.failures.get(messageId);
      if (failure !== undefined) throw failure instanceof Error ? failure : new Error(reasonOf(failure));
    },
    new BatchProcessor(EventType.SQS),
    { context },
  );
};

function logReport(event: SQSEvent, { failures, archiveKey, files, duplicates }: Report): void {
  for (const { messageId, attributes } of event.Records) {
    const reason = failures.get(messageId);
    if (reason === undefined) continue;
    logger.warn("a message goes back to the queue", {
      messageId,
      reason: reasonOf(reason),
      receiveCount: attributes.ApproximateReceiveCount,
    });
  }
  logger.info("batch worked off", {
    messages: event.Records.length,
    failed: failures.size,
    files,
    duplicates,
    ...(archiveKey === undefined ? {} : { archiveKey }),
  });
}

/** Embedded metric format: one line in the log, which CloudWatch turns into metrics. */
function publish({ files, archiveBytes, spilled, stalls }: Report, latencyMs: number): void {
  metrics.addDimension("Environment", settings.environment);
  metrics.addMetric("FilesProcessed", MetricUnit.Count, files);
  metrics.addMetric("ProcessingLatencyMs", MetricUnit.Milliseconds, latencyMs);
  metrics.addMetric("ArchiveSizeBytes", MetricUnit.Bytes, archiveBytes);
  metrics.addMetric("ArchiveSpilledToDisk", MetricUnit.Count, spilled ? 1 : 0);
  metrics.addMetric("QueuePutStalled", MetricUnit.Count, stalls);
  metrics.addMetric("ColdStart", MetricUnit.Count, coldStart ? 1 : 0);
  coldStart = false;
  metrics.publishStoredMetrics();
}
