/**
 * Calls a slow API for each row of a CSV file. What may go well another time is thrown, so that the state machine tries again;
 * what never will is answered with a status, so that it parks the message. 202 says that time has run out before the file was
 * through: the machine calls again, and the work goes on behind the last row that is done.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { RetryableError } from "./api.js";
import { log } from "./log.js";
import { FileRecord, fileId, NOTHING_DONE, type Progress } from "./record.js";
import { parseRequest, ValidationError, type Job } from "./request.js";
import { csvRows } from "./rows.js";
import { readSettings } from "./settings.js";
import { bytesOf } from "./source.js";
import { work } from "./work.js";

interface Context {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface Answer {
  readonly statusCode: 200 | 202 | 400 | 500;
  readonly rows_processed?: number;
  readonly duplicate?: boolean;
  readonly body?: string;
  readonly error_details?: Readonly<Record<string, unknown>>;
}

const settings = readSettings(process.env);
const s3 = new S3Client({});
const dynamodb = new DynamoDBClient({});

/** Errors of AWS that no further try mends: rights and names that are wrong. */
const FINAL = new Set(["AccessDenied", "AccessDeniedException", "ResourceNotFoundException", "ValidationException"]);

export async function handler(event: unknown, context: Context): Promise<Answer> {
  const requestId = context.awsRequestId;
  let job: Job | undefined;
  try {
    job = parseRequest(event);
    log({ action: "lambda_start", requestId, job });
    return await processFile(job, context);
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error));
    if (failure instanceof ValidationError) {
      log({ action: "validation_error", requestId, job, error: failure, metrics: { validation_error: 1 } });
      return refusal(400, failure);
    }
    log({ action: "lambda_error", requestId, job, error: failure, metrics: { processing_error: 1 } });
    if (FINAL.has(failure.name)) return refusal(500, failure);
    throw failure;
  }
}

const refusal = (statusCode: 400 | 500, { name, message }: Error): Answer => ({
  statusCode,
  body: JSON.stringify({ message }),
  error_details: { error_type: name, error_message: message },
});

async function processFile(job: Job, context: Context): Promise<Answer> {
  const { file, options } = job;
  const requestId = context.awsRequestId;
  const remainingMs = (): number => context.getRemainingTimeInMillis();
  const id = fileId(file);
  const { recordsTable: table, recordTtlSeconds: ttlSeconds } = settings;
  const record = new FileRecord(id, { dynamodb, table, ttlSeconds, holder: requestId });
  const from = await record.take(remainingMs());
  if (from === undefined) return { statusCode: 200, rows_processed: 0, duplicate: true };

  log({ action: "processing_start", requestId, job, metrics: { process_start: 1, object_size: file.sizeBytes ?? 0 } });
  const startMs = performance.now();
  const rows = csvRows(bytesOf(s3, file, from.nextByte, options.chunkedProcessing), from.nextByte);
  try {
    const { progress, isThrough } = await work(rows, from, {
      id,
      options,
      api: {
        endpoint: settings.apiEndpoint,
        timeoutMs: settings.apiTimeoutMs,
        maxAttempts: settings.maxAttempts,
        retryBaseMs: settings.retryBaseMs,
      },
      maxConcurrentCalls: settings.maxConcurrentCalls,
      reserveMs: settings.reserveMs,
      remainingMs,
      record,
    });
    if (!isThrough) return await later(progress, from, record);
    if (progress.rejectedCount > 0) throw new ValidationError(rejection(progress));
    await record.finish(progress);
    const rowsProcessed = progress.rowsDone;
    const metrics = {
      process_success: 1,
      process_duration: Math.round(performance.now() - startMs),
      rows_processed: rowsProcessed - from.rowsDone,
    };
    log({ action: "process_complete", requestId, job, metrics });
    return { statusCode: 200, rows_processed: rowsProcessed };
  } catch (error) {
    // A file that is refused begins anew when somebody has mended what was wrong; one that failed goes on where it was.
    if (error instanceof ValidationError) await record.pause(NOTHING_DONE);
    // The next try need not wait for the lease to end; where even this fails, the first error is the one that counts.
    else
      await record.release().catch((other: unknown) => {
        log({
          action: "lambda_error",
          requestId,
          job,
          error: other instanceof Error ? other : new Error(String(other)),
        });
      });
    throw error;
  } finally {
    await rows.return(undefined);
  }
}

/** Time has run out. An invocation that has not done a single row would do no better the next time. */
async function later(progress: Progress, from: Progress, record: FileRecord): Promise<Answer> {
  await record.pause(progress);
  if (progress.rowsDone === from.rowsDone)
    throw new RetryableError("not one row was done in the time of an invocation");
  return { statusCode: 202, rows_processed: progress.rowsDone };
}

const rejection = ({ rejected, rejectedCount }: Progress): string =>
  `the API does not take ${rejectedCount} rows: ${rejected.join(", ")}${rejectedCount > rejected.length ? " ..." : ""}`;
