/**
 * Function `document-processor-business-logic`: fired by S3 for each uploaded document. START HERE, then process.ts.
 *
 * S3 takes no notice of the answer. What may go well another time is thrown: Lambda tries twice more, then the event is a dead
 * letter. A returned status 500 would count as a success. What never will go well is in the documents table, and answered 400.
 */
import type { Context } from "aws-lambda";
import { Budget } from "../shared/budget.js";
import { messageOf } from "../shared/errors.js";
import { reportError } from "../shared/error-report.js";
import type { Fields } from "../shared/json.js";
import { count, emitMetrics, milliseconds } from "../shared/metrics.js";
import { readNotification } from "./notification.js";
import { isFinal, Processor } from "./process.js";

const processor = Processor.fromEnvironment();

export const handler = async (event: unknown, context: Context): Promise<{ statusCode: number; body: string }> => {
  const startedAtMs = performance.now();
  const budget = Budget.ofEvent(context.getRemainingTimeInMillis());
  const requestId = context.awsRequestId;
  const results: Fields[] = [];
  const toTryAgain: unknown[] = [];
  for (const object of readNotification(event)) {
    try {
      results.push({ success: true, ...(await processor.process(object, requestId, budget)) });
    } catch (error) {
      const context = { bucket: object.bucket, key: object.key };
      await reportError(error, requestId, isFinal(error) ? "ERROR" : "CRITICAL", context);
      results.push({ success: false, key: object.key, error: messageOf(error) });
      if (!isFinal(error)) toTryAgain.push(error);
    }
  }
  const failed = results.filter(({ success }) => success === false).length;
  emitMetrics(
    { Function: context.functionName },
    {
      DocumentsProcessed: count(results.length - failed),
      DocumentsFailed: count(failed),
      ProcessingMs: milliseconds(performance.now() - startedAtMs),
    },
    { request_id: requestId },
  );
  // Documents that are done are known to be, and passed over by the next attempt.
  if (toTryAgain.length > 0)
    throw toTryAgain.length === 1 ? toTryAgain[0] : new AggregateError(toTryAgain, messageOf(toTryAgain[0]));
  const [only] = results;
  const body = results.length === 1 ? only : { success: failed === 0, results };
  return { statusCode: failed === 0 ? 200 : 400, body: JSON.stringify(body) };
};
