/** The Invoke call. Lambda API reference, "Invoke"; headers as recorded on AWS. */
import type { ServerResponse } from "node:http";
import type { FunctionConfig } from "../../config/function-config.js";
import { answerOf, invoke } from "../../runtime/invoke.js";
import { checkAsyncPayload } from "../../runtime/limits/payload.js";
import type { InvokeAnswer, InvokeResult, OnAnswer } from "../../runtime/types.js";
import { endWith } from "../kit/end-with.js";
import { functionArn, referenceOf, type Call, type LambdaContext } from "./context.js";
import { functionNotFound, recursiveInvocation } from "./errors.js";
import type { FunctionReference } from "./function-name.js";
import { asAwsError, logTail, readInvokeInput, type InvokeInput } from "./invoke-input.js";
import { continueTrace, traceOfEvent } from "./lineage.js";

/** What a call runs. Throws ResourceNotFoundException. */
export function targetOf({ directory, realm }: LambdaContext, { name, qualifier }: FunctionReference): FunctionConfig {
  const config = directory.resolve(name, qualifier);
  if (config === undefined) throw functionNotFound(functionArn({ realm }, name, qualifier));
  return config;
}

/** Throws RecursiveInvocationException; gives the trace header to hand on. */
export function traceOf(
  { directory, clock, realm }: LambdaContext,
  { name }: FunctionReference,
  received: string | undefined,
): string {
  const { header, endless } = continueTrace(received, functionArn({ realm }, name), clock.now());
  if (endless && directory.endsRecursion(name)) throw recursiveInvocation();
  return header;
}

export async function handleInvoke(call: Omit<Call, "input">, response: ServerResponse): Promise<void> {
  const { context, request } = call;
  const reference = referenceOf(call);
  const config = targetOf(context, reference);
  const input = await readInvokeInput(request);
  const durable = config.durable === undefined ? undefined : await import("./invoke-durable.js");
  durable?.checkDurable(config, reference, input.type);
  if (input.type === "DryRun") {
    response.writeHead(204, { "x-amzn-RequestId": request.requestId });
    response.end();
    return;
  }
  if (input.type === "Event") {
    const { traceHeader, headers } = await accept(call, config, reference, input);
    response.writeHead(202, {
      "x-amzn-RequestId": request.requestId,
      "x-amzn-Remapped-Content-Length": "0",
      "X-Amzn-Trace-Id": traceHeader,
      "Content-Length": 0,
      ...headers,
    });
    response.end();
    return;
  }
  const traceHeader = traceOf(context, reference, input.traceHeader);
  const { payload, clientContext } = input;
  const { requestId } = request;
  const invocation = { payload, requestId, traceHeader, clientContext, qualifier: reference.qualifier };
  const run = (onAnswer?: OnAnswer): Promise<InvokeResult> => invoke(context.host, config, invocation, onAnswer);
  let answer: InvokeAnswer & Partial<Pick<InvokeResult, "logs">>;
  let executionArn: string | undefined;
  try {
    if (durable === undefined) {
      // With its log the answer waits for the report.
      answer = await (input.tail ? run() : answerOf(run));
    } else ({ answer, executionArn } = await durable.waitForExecution(call, config, input, traceHeader));
  } catch (error) {
    throw asAwsError(error);
  }
  const headers: Record<string, string | number> = {
    "Content-Type": "application/json",
    "Content-Length": answer.payload.length,
    "x-amzn-RequestId": answer.requestId,
    "x-amzn-Remapped-Content-Length": "0",
    "X-Amz-Executed-Version": answer.executedVersion,
    "X-Amzn-Trace-Id": traceHeader,
  };
  if (answer.functionError !== undefined) headers["X-Amz-Function-Error"] = answer.functionError;
  if (executionArn !== undefined) headers[EXECUTION_HEADER] = executionArn;
  if (input.tail) headers["X-Amz-Log-Result"] = logTail(answer.logs ?? "");
  response.writeHead(200, headers);
  endWith(response, answer.payload);
}

const EXECUTION_HEADER = "X-Amz-Durable-Execution-Arn";

/** The event of a durable function is its execution: what else happens to events does not happen to it. */
async function accept(
  call: Omit<Call, "input">,
  config: FunctionConfig,
  reference: FunctionReference,
  input: InvokeInput,
): Promise<{ readonly traceHeader: string; readonly headers?: Readonly<Record<string, string>> }> {
  if (config.durable === undefined) return { traceHeader: await enqueue(call, reference, input) };
  const { context, request } = call;
  const received = input.traceHeader ?? traceOfEvent(request.requestId, context.clock.now());
  const traceHeader = traceOf(context, reference, received);
  const { beginExecution } = await import("./invoke-durable.js");
  const { arn } = await beginExecution(call, config, input, traceHeader);
  return { traceHeader, headers: { [EXECUTION_HEADER]: arn } };
}

/** The event is kept before the 202 goes out. Gives its trace. */
async function enqueue(
  { context, request }: Omit<Call, "input">,
  reference: FunctionReference,
  input: InvokeInput,
): Promise<string> {
  try {
    checkAsyncPayload(input.payload.length);
  } catch (error) {
    throw asAwsError(error);
  }
  const { requestId } = request;
  const enqueuedMs = context.clock.now();
  const queue = await context.async();
  await queue.enqueue(reference.name, input.payload, {
    requestId,
    enqueuedMs,
    ...(reference.qualifier === undefined ? {} : { qualifier: reference.qualifier }),
    ...(input.clientContext === undefined ? {} : { clientContext: input.clientContext }),
    ...(input.traceHeader === undefined ? {} : { traceHeader: input.traceHeader }),
  });
  return input.traceHeader ?? traceOfEvent(requestId, enqueuedMs);
}

/** The oldest form of the asynchronous call, still in the SDKs. */
export async function handleInvokeAsync(call: Omit<Call, "input">, response: ServerResponse): Promise<void> {
  const reference = referenceOf(call);
  const config = targetOf(call.context, reference);
  const input: InvokeInput = { ...(await readInvokeInput(call.request)), type: "Event" };
  if (config.durable !== undefined) (await import("./invoke-durable.js")).checkDurable(config, reference, "Event");
  await accept(call, config, reference, input);
  const body = JSON.stringify({ Status: 202 });
  response.writeHead(202, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "x-amzn-RequestId": call.request.requestId,
  });
  response.end(body);
}
