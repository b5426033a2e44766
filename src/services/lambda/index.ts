/**
 * # Lambda
 *
 * Mimics: the REST API of 2015-03-31, the Invoke call; answers and texts as recorded on AWS in November 2025.
 *
 * Gaps:
 * - Invoke with InvocationType Event, InvokeWithResponseStream and every other operation: answered with
 *   UnknownOperationException by name.
 * - Versions and aliases: only `$LATEST` is there; another qualifier is not found.
 *
 * By design:
 * - Resource policies and roles are not evaluated: whoever has valid credentials may invoke.
 * - A function whose code cannot be built answers ServiceException with the build's message.
 *
 * Client quirks:
 * - boto3 and the CLI read the error's name from x-amzn-ErrorType, the JavaScript SDK also from the body.
 *
 * Unverified:
 * - The event that an empty body becomes; the name of the 413 exception.
 */
import type { ServerResponse } from "node:http";
import type { FunctionConfig } from "../../config/function-config.js";
import type { RuntimeHost } from "../../runtime/host.js";
import { arnOf, type Realm } from "../../shared/arn.js";
import type { Logger } from "../../shared/logger.js";
import { AwsError } from "../kit/aws-error.js";
import { internalError } from "../kit/json-protocol.js";
import type { EmbeddedService, ServiceRequest } from "../service.js";
import { notEmulated, resourceNotFound } from "./errors.js";
import { parseFunctionName } from "./function-name.js";
import { handleInvoke } from "./invoke.js";

export interface LambdaServiceOptions {
  readonly host: RuntimeHost;
  readonly realm: Realm;
  readonly log: Logger;
  /** The functions of the template, by name. */
  readonly find: (name: string) => FunctionConfig | undefined;
}

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations\/?$/;

export function createLambdaService(options: LambdaServiceOptions): EmbeddedService {
  return {
    async handle(request, response) {
      try {
        await route(options, request, response);
      } catch (error) {
        sendError(request, response, error instanceof AwsError ? error : internalError(options.log, error));
      }
    },
    reset: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function route(options: LambdaServiceOptions, request: ServiceRequest, response: ServerResponse): Promise<void> {
  const invoked = request.method === "POST" ? INVOKE.exec(request.path)?.[1] : undefined;
  if (invoked === undefined) throw notEmulated(`${request.method} ${request.path}`);
  const wanted = new URLSearchParams(request.query).get("Qualifier") ?? undefined;
  const { name, qualifier } = parseFunctionName(decodeURIComponent(invoked), wanted);
  const config = options.find(name);
  if (config === undefined || (qualifier !== undefined && qualifier !== config.version)) {
    throw resourceNotFound(arnOf.function(options.realm, name, qualifier ?? "$LATEST"));
  }
  await handleInvoke(options.host, { config, qualifier }, request, response);
}

function sendError(request: ServiceRequest, response: ServerResponse, error: AwsError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // ResourceNotFoundException was recorded with a capital, the others without; clients take either.
  const key = error.code === "ResourceNotFoundException" ? "Message" : "message";
  const body = Buffer.from(JSON.stringify({ ...error.members, [key]: error.message }));
  response.writeHead(error.statusCode, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "x-amzn-RequestId": request.requestId,
    "x-amzn-ErrorType": error.code,
    ...error.headers,
  });
  response.end(body);
}
