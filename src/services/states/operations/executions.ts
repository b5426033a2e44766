/**
 * Executions.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
 */
import { stringMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { ExecutionStart } from "../admin.js";
import type { Operations, StatesContext } from "../context.js";
import { statesError } from "../errors.js";
import { MAX_DOCUMENT_BYTES } from "../executions/documents.js";
import { parseMachineArn, parseStatesArn } from "../executions/names.js";
import { requireExecution, requireMapRun } from "../executions/lookups.js";
import { redrive, redriveStatusOf } from "../executions/redrive.js";
import { startExecution, startSyncExecution } from "../executions/start.js";
import { stopExecution } from "../executions/stop.js";
import { describedExecution, listedExecution, seconds } from "../executions/views.js";
import { requireTarget } from "../machines/targets.js";
import type { ExecutionRow } from "../rows.js";
import { failureMembers } from "./activities.js";
import { arnMember, isMetadataOnly, nameMember, pageMember, pageOf, requiredArn } from "./input.js";

/** In AWS's order, which its refusal shows. */
const STATUSES = ["SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"] as const;
const REDRIVE_FILTERS = ["REDRIVEN", "NOT_REDRIVEN"] as const;
/** Longer than those of other lists (recorded). */
const MAX_LIST_TOKEN_LENGTH = 3096;
const DATA = ["input", "output", "error", "cause"] as const;

export function executionOperations(context: StatesContext): Operations {
  const { realm } = context;
  return {
    StartExecution: async (input) => {
      const { arn, startMs } = await startExecution(context, startMember(input));
      return { executionArn: arn, startDate: seconds(startMs) };
    },
    StartSyncExecution: (input) => startSync(context, input),
    StopExecution: async (input) => {
      const violations = new Violations();
      const arn = arnMember(input, "executionArn", violations) ?? "";
      violations.required(input["executionArn"] ?? undefined, "executionArn");
      const failure = failureMembers(input, violations);
      violations.check();
      parseStatesArn(arn, realm, ["execution"]);
      const { stopMs } = await stopExecution(context, arn, failure);
      return { stopDate: seconds(stopMs ?? context.clock.now()) };
    },
    DescribeExecution: (input) => {
      const row = requireExecution(context, requiredArn(input, "executionArn"));
      const { redriveCount, redriveMs } = row;
      return {
        ...shown(describedExecution(row, realm), isMetadataOnly(input)),
        redriveCount,
        ...(redriveMs === undefined ? {} : { redriveDate: seconds(redriveMs) }),
        ...redriveStatusOf(context, row),
      };
    },
    ListExecutions: (input) => list(context, input),
    RedriveExecution: async (input) => {
      const arn = requiredArn(input, "executionArn");
      requireExecution(context, arn);
      const { redriveMs } = await redrive(context, arn);
      return { redriveDate: seconds(redriveMs ?? context.clock.now()) };
    },
  };
}

function startMember(input: JsonObject): ExecutionStart {
  const violations = new Violations();
  const stateMachineArn = arnMember(input, "stateMachineArn", violations);
  const name = nameMember(input, violations);
  const document = stringMember(input, "input");
  violations.required(stateMachineArn, "stateMachineArn");
  // What may hold data is not repeated.
  if (document !== undefined && Buffer.byteLength(document) > MAX_DOCUMENT_BYTES)
    violations.addHidden("input", `Member must have length less than or equal to ${MAX_DOCUMENT_BYTES}`);
  violations.check();
  const traceHeader = stringMember(input, "traceHeader");
  return { stateMachineArn: stateMachineArn ?? "", name, input: document, traceHeader };
}

/** Time is billed in steps of 100 ms, memory in steps of 64 MB. */
const BILLED_STEP_MS = 100;
const BILLED_MB = 64;

async function startSync(context: StatesContext, input: JsonObject): Promise<JsonObject> {
  const { row } = await startSyncExecution(context, startMember(input));
  const durationMs = (row.stopMs ?? row.startMs) - row.startMs;
  return {
    ...shown(describedExecution(row, context.realm), isMetadataOnly(input)),
    billingDetails: {
      billedMemoryUsedInMB: BILLED_MB,
      billedDurationInMilliseconds: Math.max(1, Math.ceil(durationMs / BILLED_STEP_MS)) * BILLED_STEP_MS,
    },
  };
}

function shown(described: JsonObject, metadataOnly: boolean): JsonObject {
  if (!metadataOnly) return described;
  const left = Object.entries(described).filter(([name]) => !DATA.some((data) => name.startsWith(data)));
  return Object.fromEntries(left);
}

function list(context: StatesContext, input: JsonObject): JsonObject {
  const { store, realm } = context;
  const violations = new Violations();
  const page = pageMember(input, violations, MAX_LIST_TOKEN_LENGTH);
  const status = stringMember(input, "statusFilter");
  const redriven = stringMember(input, "redriveFilter");
  const machine = arnMember(input, "stateMachineArn", violations);
  const mapRun = arnMember(input, "mapRunArn", violations);
  violations.oneOf(status, "statusFilter", STATUSES);
  violations.oneOf(redriven, "redriveFilter", REDRIVE_FILTERS);
  violations.check();
  if ((machine === undefined) === (mapRun === undefined))
    throw statesError.validation("Exactly one of stateMachineArn and mapRunArn must be specified");
  const after = page.after === undefined ? undefined : store.execution(page.after);
  if (page.after !== undefined && after === undefined) throw statesError.invalidToken();
  const rows = mapRun === undefined ? ofMachine(context, machine ?? "", after) : ofMapRun(context, mapRun, after);
  const { items, more } = pageOf(passing(rows, status, redriven), page.size, ({ arn }) => arn);
  return { executions: items.map((row) => listedExecution(row, realm)), ...more };
}

/** All of a machine, or those that a version or an alias was asked for. */
function* ofMachine(context: StatesContext, arn: string, after: ExecutionRow | undefined): Generator<ExecutionRow> {
  const { machine } = requireTarget(context, arn);
  if (machine.type === "EXPRESS") throw statesError.typeNotSupported();
  const reference = parseMachineArn(arn, context.realm);
  for (const row of context.store.executionsOf(machine.name, after))
    if (
      (reference?.version === undefined || row.versionNumber === reference.version) &&
      (reference?.alias === undefined || row.aliasName === reference.alias)
    )
      yield row;
}

function ofMapRun(context: StatesContext, arn: string, after: ExecutionRow | undefined): Generator<ExecutionRow> {
  return context.store.executionsOfMapRun(requireMapRun(context, arn).arn, after);
}

function* passing(
  rows: Iterable<ExecutionRow>,
  status: string | undefined,
  redriven: string | undefined,
): Generator<ExecutionRow> {
  for (const row of rows)
    if (
      (status === undefined || row.status === status) &&
      (redriven === undefined || (redriven === "REDRIVEN") === row.redriveCount > 0)
    )
      yield row;
}
