/** The context object, in the shape and key order of the declared runtime. */
import { RuntimeError } from "./errors.js";

export interface InvocationHeaders {
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly functionArn: string;
  readonly traceId: string | undefined;
  readonly clientContext: string | undefined;
  readonly cognitoIdentity: string | undefined;
  readonly tenantId: string | undefined;
}

export function readHeaders(headers: Readonly<Record<string, string>>): InvocationHeaders {
  return {
    requestId: headers["lambda-runtime-aws-request-id"] ?? "",
    deadlineMs: Number(headers["lambda-runtime-deadline-ms"]),
    functionArn: headers["lambda-runtime-invoked-function-arn"] ?? "",
    traceId: headers["lambda-runtime-trace-id"],
    clientContext: headers["lambda-runtime-client-context"],
    cognitoIdentity: headers["lambda-runtime-cognito-identity"],
    tenantId: headers["lambda-runtime-aws-tenant-id"],
  };
}

/** The old completion calls and the flag that Node 22 and older still have. */
export interface LegacyContext {
  callbackWaitsForEmptyEventLoop: boolean;
  /** Streaming handlers have none of these. */
  readonly completion?: {
    readonly succeed: (result: unknown) => void;
    readonly fail: (error: unknown) => void;
    readonly done: (error: unknown, result: unknown) => void;
  };
}

export function makeContext(
  headers: InvocationHeaders,
  environment: NodeJS.ProcessEnv,
  legacy: LegacyContext | undefined,
): object {
  const clientContext = parseJsonHeader(headers.clientContext, "client context");
  const identity = parseJsonHeader(headers.cognitoIdentity, "cognito identity");
  const functionName = environment["AWS_LAMBDA_FUNCTION_NAME"];
  const functionVersion = environment["AWS_LAMBDA_FUNCTION_VERSION"];
  const rest = {
    memoryLimitInMB: environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    logGroupName: environment["AWS_LAMBDA_LOG_GROUP_NAME"],
    logStreamName: environment["AWS_LAMBDA_LOG_STREAM_NAME"],
  };
  const ofInvocation = {
    clientContext,
    identity,
    invokedFunctionArn: headers.functionArn,
    awsRequestId: headers.requestId,
    tenantId: headers.tenantId,
  };
  const getRemainingTimeInMillis = (): number => headers.deadlineMs - Date.now();
  if (legacy === undefined) {
    const xRayTraceId = headers.traceId;
    return { ...ofInvocation, xRayTraceId, getRemainingTimeInMillis, functionName, functionVersion, ...rest };
  }
  return {
    get callbackWaitsForEmptyEventLoop() {
      return legacy.callbackWaitsForEmptyEventLoop;
    },
    set callbackWaitsForEmptyEventLoop(waits: boolean) {
      legacy.callbackWaitsForEmptyEventLoop = waits;
    },
    ...legacy.completion,
    functionVersion,
    functionName,
    ...rest,
    ...ofInvocation,
    getRemainingTimeInMillis,
  };
}

function parseJsonHeader(text: string | undefined, what: string): unknown {
  if (text === undefined || text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new RuntimeError("Runtime.PlatformError", `Failed to parse ${what} JSON`);
  }
}
