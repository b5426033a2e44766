/** Durable executions: what the SDK in the function calls, what others send, and what is asked about them. */
import { readBody } from "../../kit/body.js";
import { stringMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { endCallback, heartbeat } from "../durable/callbacks.js";
import { checkpoint, requireExecution, statePageOf } from "../durable/checkpoints.js";
import { invalidMarker } from "../durable/errors.js";
import { eventView } from "../durable/history.js";
import type { ExecutionRow, ExecutionStatus } from "../durable/rows.js";
import { stopExecution } from "../durable/stop.js";
import { errorIn, MAX_PAYLOAD_BYTES, readUpdates } from "../durable/updates.js";
import { executionView, operationView, summaryView } from "../durable/views.js";
import { entityTooLarge, invalidParameter } from "../errors.js";
import { parseFunctionName } from "../function-name.js";
import { checkText } from "../model/check.js";
import { CALLBACK_ID } from "../model/durable.js";
import { requireFunction, type Answer, type Call, type RawOperation, type Route } from "../context.js";

const EXECUTION = "/2025-12-01/durable-executions/{DurableExecutionArn+}";
const CALLBACK = "/2025-12-01/durable-execution-callbacks/{CallbackId+}";
const DEFAULT_ITEMS = 100;

/** An ARN has slashes of its own: the paths that say more come first. */
export const DURABLE_ROUTES: readonly Route[] = [
  { method: "POST", path: `${EXECUTION}/checkpoint`, name: "CheckpointDurableExecution", run: takeCheckpoint },
  { method: "GET", path: `${EXECUTION}/state`, name: "GetDurableExecutionState", run: getState },
  { method: "GET", path: `${EXECUTION}/history`, name: "GetDurableExecutionHistory", run: getHistory },
  { method: "POST", path: `${EXECUTION}/stop`, name: "StopDurableExecution", run: stop },
  { method: "GET", path: EXECUTION, name: "GetDurableExecution", run: getExecution },
  {
    method: "GET",
    path: "/2025-12-01/functions/{FunctionName}/durable-executions",
    name: "ListDurableExecutionsByFunction",
    run: listExecutions,
  },
  { method: "POST", path: `${CALLBACK}/succeed`, name: "SendDurableExecutionCallbackSuccess", raw: succeed },
  { method: "POST", path: `${CALLBACK}/fail`, name: "SendDurableExecutionCallbackFailure", run: fail },
  { method: "POST", path: `${CALLBACK}/heartbeat`, name: "SendDurableExecutionCallbackHeartbeat", run: beat },
];

const arnIn = ({ path }: Pick<Call, "path">): string => path["DurableExecutionArn"] ?? "";
const callbackIn = ({ path }: Pick<Call, "path">): string => path["CallbackId"] ?? "";

async function takeCheckpoint({ context, path, input }: Call): Promise<Answer> {
  const { token, operations } = await checkpoint(await context.durable(), context.realm, {
    arn: arnIn({ path }),
    token: stringMember(input, "CheckpointToken") ?? "",
    clientToken: stringMember(input, "ClientToken"),
    updates: readUpdates(input),
  });
  return {
    body: {
      ...(token === undefined ? {} : { CheckpointToken: token }),
      NewExecutionState: { Operations: operations.map((operation) => operationView(operation, "seconds")) },
    },
  };
}

async function getState({ context, path, query }: Call): Promise<Answer> {
  const { operations: Operations, nextMarker: NextMarker } = statePageOf(await context.durable(), {
    arn: arnIn({ path }),
    token: query.get("CheckpointToken") ?? "",
    marker: query.get("Marker") ?? undefined,
    maxItems: itemsIn(query),
  });
  return { body: { Operations, NextMarker } };
}

async function getExecution({ context, path, query }: Call): Promise<Answer> {
  const execution = requireExecution(await context.durable(), arnIn({ path }));
  return { body: executionView(execution, flagIn(query, "IncludeExecutionData", true)) };
}

async function getHistory({ context, path, query }: Call): Promise<Answer> {
  const executions = await context.durable();
  const { row } = requireExecution(executions, arnIn({ path }));
  const isReverse = flagIn(query, "ReverseOrder", false);
  const withData = flagIn(query, "IncludeExecutionData", true);
  const maxItems = itemsIn(query);
  const Events: JsonObject[] = [];
  const after = markerIn(query);
  if (after !== undefined && !/^\d{1,9}$/.test(after)) throw invalidMarker();
  let last = 0;
  for (const { eventId, event } of executions.store.history(row.id, {
    after: after === undefined ? undefined : Number(after),
    isReverse,
  })) {
    if (Events.length === maxItems) return { body: { Events, NextMarker: markerOf(String(last)) } };
    Events.push(eventView(eventId, event, withData));
    last = eventId;
  }
  return { body: { Events } };
}

async function listExecutions({ context, path, query }: Call): Promise<Answer> {
  const named = parseFunctionName(path["FunctionName"] ?? "", query.get("Qualifier") ?? undefined, context.realm);
  const statuses = query.getAll("Statuses");
  // Second hand: the model says list, the service takes one.
  if (statuses.length > 1) throw invalidParameter("Cannot filter by more than one status");
  requireFunction(context, named.name, named.qualifier);
  const executions = await context.durable();
  const startedAfterMs = timeIn(query, "StartedAfter") ?? -Infinity;
  const startedBeforeMs = timeIn(query, "StartedBefore") ?? Infinity;
  const version = versionOf(context, named);
  const name = query.get("DurableExecutionName");
  const fits = (row: ExecutionRow): boolean =>
    (version === undefined || row.version === version) &&
    (name === null || row.name === name) &&
    (statuses.length === 0 || row.status === (statuses[0] as ExecutionStatus)) &&
    row.startMs > startedAfterMs &&
    row.startMs < startedBeforeMs;
  const marker = markerIn(query);
  const after = marker === undefined ? undefined : executions.row(marker);
  if (marker !== undefined && after === undefined) throw invalidMarker();
  const DurableExecutions: JsonObject[] = [];
  const isOldestFirst = flagIn(query, "ReverseOrder", false);
  const maxItems = itemsIn(query);
  let last = "";
  for (const row of executions.store.executionsOf(named.name, { isOldestFirst, after, nowMs: context.clock.now() })) {
    if (!fits(row)) continue;
    if (DurableExecutions.length === maxItems) return { body: { DurableExecutions, NextMarker: markerOf(last) } };
    DurableExecutions.push(summaryView(row));
    last = row.id;
  }
  return { body: { DurableExecutions } };
}

/** An alias stands for its version. */
function versionOf(
  { directory }: Call["context"],
  { name, qualifier }: { name: string; qualifier: string | undefined },
) {
  return qualifier === undefined ? undefined : (directory.alias(name, qualifier)?.version ?? qualifier);
}

async function stop({ context, path, input }: Call): Promise<Answer> {
  const executions = await context.durable();
  const execution = requireExecution(executions, arnIn({ path }));
  return { body: { StopTimestamp: (await stopExecution(executions, execution, errorIn(input))) / 1000 } };
}

/** Its result is the whole body. */
async function succeed({ context, path, request }: Parameters<RawOperation>[0], response: Parameters<RawOperation>[1]) {
  const faults = new Violations();
  checkText(callbackIn({ path }), CALLBACK_ID, "callbackId", faults);
  faults.check();
  const body = await readBody(request, MAX_PAYLOAD_BYTES + 1);
  if (body.length > MAX_PAYLOAD_BYTES)
    throw entityTooLarge(
      `Request must be smaller than ${MAX_PAYLOAD_BYTES} bytes for the SendDurableExecutionCallbackSuccess operation`,
    );
  const result = body.length === 0 ? undefined : body.toString("utf8");
  await endCallback(await context.durable(), callbackIn({ path }), { status: "SUCCEEDED", result });
  response.writeHead(200, {
    "Content-Type": "application/json",
    "Content-Length": 2,
    "x-amzn-RequestId": request.requestId,
  });
  response.end("{}");
}

async function fail({ context, path, input }: Call): Promise<Answer> {
  await endCallback(await context.durable(), callbackIn({ path }), { status: "FAILED", error: errorIn(input) });
  return { body: {} };
}

async function beat({ context, path }: Call): Promise<Answer> {
  await heartbeat(await context.durable(), callbackIn({ path }));
  return { body: {} };
}

const itemsIn = (query: URLSearchParams): number => Number(query.get("MaxItems") ?? 0) || DEFAULT_ITEMS;

function flagIn(query: URLSearchParams, name: string, otherwise: boolean): boolean {
  const text = query.get(name);
  return text === null ? otherwise : text === "true";
}

/** ISO 8601, or seconds since the epoch, as the SDKs send one or the other. */
function timeIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const ms = /^[\d.]+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(ms)) throw invalidParameter(`'${text}' can not be converted to Date`);
  return ms;
}

const markerOf = (text: string): string => Buffer.from(text).toString("base64");

function markerIn(query: URLSearchParams): string | undefined {
  const marker = query.get("Marker");
  return marker === null ? undefined : Buffer.from(marker, "base64").toString();
}
