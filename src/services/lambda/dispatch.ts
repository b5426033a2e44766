/** From a request to the operation that it asks for, and from what that gives to the answer. */
import type { ServerResponse } from "node:http";
import { AwsError } from "../kit/aws-error.js";
import { readBody } from "../kit/body.js";
import { parseJsonObject, type JsonObject } from "../kit/json-protocol.js";
import type { ServiceRequest } from "../service.js";
import type { Answer, LambdaContext } from "./context.js";
import { entityTooLarge, notEmulated } from "./errors.js";
import { bareName } from "./function-name.js";
import { checkRequest } from "./model/check.js";
import { findRoute } from "./router.js";

/** "Request must be smaller than 70167211 bytes for the CreateFunction operation" (recorded). */
const MAX_REQUEST_BYTES = 70_167_211;

export async function answer(context: LambdaContext, request: ServiceRequest, response: ServerResponse): Promise<void> {
  const match = findRoute(request.method, request.path, request.query);
  if (match === undefined) throw notEmulated(`${request.method} ${request.path}`);
  const { route, path } = match;
  if (route.run === undefined && route.raw === undefined) throw notEmulated(route.name);
  const call = { context, path, query: new URLSearchParams(request.query), request, operation: route.name };
  if (route.raw !== undefined) await route.raw(call, response);
  if (route.run !== undefined) {
    const input = parseJsonObject(await readInput(request, route.name));
    checkRequest({ ...call, input });
    const { run } = route;
    const answered = async (): Promise<Answer> => run({ ...call, input });
    const isReading = route.method === "GET";
    send(request, response, await (isReading ? answered() : context.turns.take(changedBy(path, input), answered)));
  }
}

/** What a change is about: the function for everything that belongs to one, in whatever form it is named. */
function changedBy(path: Readonly<Record<string, string>>, input: JsonObject): string {
  const { UUID, LayerName, CodeSigningConfigArn, Resource, ResourceArn, FunctionName } = path;
  const named = FunctionName ?? ResourceArn ?? Resource ?? (UUID === undefined ? input["FunctionName"] : undefined);
  if (typeof named === "string") return bareName(named);
  const { DurableExecutionArn, CallbackId } = path;
  return UUID ?? LayerName ?? CodeSigningConfigArn ?? DurableExecutionArn ?? CallbackId ?? "";
}

async function readInput(request: ServiceRequest, operation: string): Promise<Buffer> {
  try {
    return await readBody(request, MAX_REQUEST_BYTES);
  } catch (error) {
    if (!(error instanceof AwsError) || error.statusCode !== 413) throw error;
    throw entityTooLarge(`Request must be smaller than ${MAX_REQUEST_BYTES} bytes for the ${operation} operation`);
  }
}

function send(request: ServiceRequest, response: ServerResponse, { status = 200, body }: Answer): void {
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...(status === 204 ? {} : { "Content-Type": "application/json", "Content-Length": bytes.length }),
    "x-amzn-RequestId": request.requestId,
  });
  response.end(status === 204 ? undefined : bytes);
}
