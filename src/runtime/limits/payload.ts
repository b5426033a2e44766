/** How large an event may be: 6 MB for synchronous calls, 1 MB for asynchronous ones. Responses: runtime-session.ts. */
import { LAMBDA } from "../../shared/aws-limits.js";

/** The caller sent more than Lambda takes; the Lambda API answers it as 413. */
export class RequestTooLarge extends Error {
  readonly sizeBytes: number;
  readonly limitBytes: number;
  override readonly name = "RequestTooLarge";

  constructor(message: string, sizeBytes: number, limitBytes: number) {
    super(message);
    this.sizeBytes = sizeBytes;
    this.limitBytes = limitBytes;
  }
}

export function checkSyncPayload(sizeBytes: number): void {
  const limitBytes = LAMBDA.syncRequestBytes;
  if (sizeBytes <= limitBytes) return;
  throw new RequestTooLarge(
    `Request must be smaller than ${limitBytes} bytes for the InvokeFunction operation`,
    sizeBytes,
    limitBytes,
  );
}

export function checkAsyncPayload(sizeBytes: number): void {
  const limitBytes = LAMBDA.asyncRequestBytes;
  if (sizeBytes <= limitBytes) return;
  throw new RequestTooLarge(
    `${sizeBytes} byte payload is too large for the Event invocation type (limit ${limitBytes} bytes)`,
    sizeBytes,
    limitBytes,
  );
}
