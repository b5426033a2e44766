/**
 * InvokeWithResponseStream: the response as an event stream, chunk by chunk for handlers that stream, in one chunk for
 * those that do not. Lambda API reference, "InvokeWithResponseStream".
 */
import type { ServerResponse } from "node:http";
import { invoke } from "../../runtime/invoke.js";
import type { InvokeResult, ResponseStreamSink } from "../../runtime/types.js";
import { referenceOf, type Call } from "./context.js";
import { drained } from "../kit/drained.js";
import { eventMessage } from "../kit/event-stream.js";
import { invalidParameter } from "./errors.js";
import { asAwsError, logTail, readInvokeInput, STREAMING_TYPES } from "./invoke-input.js";
import { targetOf, traceOf } from "./invoke.js";

const CONTENT_TYPE = "application/vnd.amazon.eventstream";

interface Failure {
  readonly errorType: string;
  readonly errorMessage: string;
}

export async function handleInvokeWithResponseStream(
  call: Omit<Call, "input">,
  response: ServerResponse,
): Promise<void> {
  const { context, request } = call;
  const reference = referenceOf(call);
  const config = targetOf(context, reference);
  const input = await readInvokeInput(request, STREAMING_TYPES);
  if (config.durable !== undefined)
    throw invalidParameter("InvokeWithResponseStream of a durable function is not emulated by lambda-run.");
  if (input.type === "DryRun") {
    response.writeHead(204, { "x-amzn-RequestId": request.requestId });
    response.end();
    return;
  }
  const traceHeader = traceOf(context, reference, input.traceHeader);
  let failure: Failure | undefined;
  let streamed = false;
  const open = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, {
      "Content-Type": CONTENT_TYPE,
      "x-amzn-RequestId": request.requestId,
      "X-Amz-Executed-Version": config.version,
      "X-Amzn-Trace-Id": traceHeader,
    });
  };
  const sink: ResponseStreamSink = {
    write(chunk) {
      streamed = true;
      if (response.destroyed || response.write(eventMessage("PayloadChunk", "application/octet-stream", chunk)))
        return undefined;
      return drained(response);
    },
    end(error) {
      streamed = true;
      failure = error;
    },
  };
  let result: InvokeResult;
  try {
    result = await invoke(context.host, config, {
      payload: input.payload,
      requestId: request.requestId,
      traceHeader,
      ...(input.clientContext === undefined ? {} : { clientContext: input.clientContext }),
      ...(reference.qualifier === undefined ? {} : { qualifier: reference.qualifier }),
      onStream: () => {
        open();
        return sink;
      },
    });
  } catch (error) {
    throw asAwsError(error);
  }
  open();
  if (!streamed && result.functionError === undefined && result.payload.length > 0) {
    response.write(eventMessage("PayloadChunk", "application/octet-stream", result.payload));
  }
  const fault = failure ?? (result.functionError === undefined ? undefined : failureOf(result.payload));
  const complete = {
    ...(fault === undefined ? {} : { ErrorCode: fault.errorType, ErrorDetails: fault.errorMessage }),
    ...(input.tail ? { LogResult: logTail(result.logs) } : {}),
  };
  response.end(eventMessage("InvokeComplete", "application/json", Buffer.from(JSON.stringify(complete))));
}

/** `ErrorDetails` is the error object as text. */
function failureOf(payload: Buffer): Failure {
  const errorMessage = payload.toString("utf8");
  try {
    const { errorType } = JSON.parse(errorMessage) as { readonly errorType?: unknown };
    return { errorType: typeof errorType === "string" ? errorType : "Unhandled", errorMessage };
  } catch {
    return { errorType: "Unhandled", errorMessage };
  }
}
