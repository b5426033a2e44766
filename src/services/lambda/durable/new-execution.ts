/** How an execution begins. */
import { randomUUID } from "node:crypto";
import type { FunctionConfig } from "../../../config/function-config.js";
import { arnOf, type Realm } from "../../../shared/arn.js";
import { Draft, Execution } from "./draft.js";
import type { Told } from "./invocations.js";
import type { ExecutionRow } from "./rows.js";

export interface StartOptions {
  /** Absent where a function is chained without a payload. */
  readonly input: string | undefined;
  /** Made when absent. One that is in use gives the execution that has it, if it began with the same. */
  readonly name?: string | undefined;
  readonly isAsync: boolean;
  readonly traceHeader?: string | undefined;
  readonly clientContext?: string | undefined;
  readonly parent?: ExecutionRow["parent"];
  /** Hears of its invocations. */
  readonly told?: Told | undefined;
}

export interface Beginning {
  readonly config: FunctionConfig;
  readonly options: StartOptions;
  readonly realm: Realm;
  readonly nowMs: number;
  readonly place: number;
}

/** The draft holds its first operation, the execution itself, and is to be committed. */
export function newExecution(beginning: Beginning): { readonly execution: Execution; readonly draft: Draft } {
  const row = newRow(beginning);
  const { id, name, timeoutSeconds } = row;
  const { input } = beginning.options;
  const execution = new Execution(row, []);
  const draft = new Draft(execution, beginning.nowMs);
  const root = { id, name, type: "EXECUTION" as const, parentId: undefined, subType: undefined, input };
  draft.event("ExecutionStarted", draft.start(root), {
    Input: { Payload: input },
    ExecutionTimeout: timeoutSeconds,
  });
  return { execution, draft };
}

function newRow({ config, options, realm, nowMs, place }: Beginning): ExecutionRow {
  const { isAsync, traceHeader, clientContext, parent } = options;
  const { durable } = config;
  if (durable === undefined) throw new Error(`${config.name} is not durable`);
  const id = randomUUID();
  const name = options.name ?? randomUUID();
  const functionArn = arnOf.function(realm, config.name, config.version);
  return {
    id,
    arn: `${functionArn}/durable-execution/${name}/${id}`,
    name,
    functionName: config.name,
    functionArn,
    version: config.version,
    status: "RUNNING",
    startMs: nowMs,
    place,
    endMs: undefined,
    result: undefined,
    error: undefined,
    timeoutSeconds: durable.executionTimeoutSeconds,
    retentionDays: durable.retentionDays,
    isAsync,
    traceHeader,
    clientContext,
    changes: 0,
    seen: 0,
    events: 0,
    operations: 0,
    invocation: undefined,
    isDue: true,
    failures: 0,
    refusals: 0,
    retryMs: undefined,
    replay: undefined,
    parent,
    deadLetterArn: config.deadLetterTargetArn,
    owesLetter: false,
  };
}
