/** The admin side over the same rows, rules and errors as the API. */
import { AwsError } from "../kit/aws-error.js";
import type { DeclaredMachine, MachineSummary, StatesAdmin } from "./admin.js";
import type { StatesContext } from "./context.js";
import { machineArn } from "./executions/names.js";
import { startExecution, startSyncExecution } from "./executions/start.js";
import { executionEnded, stopExecution } from "./executions/stop.js";
import { summaryOf } from "./executions/views.js";
import { StatesError } from "./interpreter/states-error.js";
import { changeMachine, createMachine, deleteMachine, publishVersion } from "./machines/changes.js";
import { NO_LOGGING, OWN_KEY } from "./machines/configurations.js";
import { checkDraft, type MachineDraft } from "./machines/drafts.js";
import { findTarget } from "./machines/targets.js";
import { ensureActivity } from "./operations/activities.js";
import type { MachineRow } from "./rows.js";

export function createStatesAdmin(context: StatesContext): StatesAdmin {
  const { store, realm, runs, callbacks, activities } = context;
  const summary = ({ name, type }: MachineRow): MachineSummary => ({
    stateMachineArn: machineArn(realm, name),
    name,
    type,
  });
  return {
    declare: async (machine) => summary(await declare(context, machine)),
    withdraw: (name) => deleteMachine(context, name),
    declareActivity: async (name) => {
      await store.write(() => ensureActivity(context, name));
    },
    machine: (arn) => {
      const found = lenient(() => findTarget(context, arn));
      return found === undefined ? undefined : summary(found.machine);
    },
    machines: () => Array.from(store.machines(), summary),
    startExecution: async (start) => {
      const { arn, startMs } = await startExecution(context, start);
      return { executionArn: arn, startMs };
    },
    startSyncExecution: async (start) => summaryOf((await startSyncExecution(context, start)).row, realm),
    execution: (arn) => {
      const row = store.execution(arn);
      return row === undefined ? undefined : summaryOf(row, realm);
    },
    executionEnded: async (arn, signal) => summaryOf(await executionEnded(context, arn, signal), realm),
    stopExecution: async (arn, error, cause) => {
      await stopExecution(context, arn, { error, cause });
    },
    callback: (token, progress, signal) => callbacks.wait(token, progress, signal),
    activity: async (call, progress, signal) => {
      const arn = call.resource.kind === "activity" ? call.resource.arn : "";
      if (store.activity(arn.split(":").at(-1) ?? "") === undefined)
        throw new StatesError("States.Runtime", `Activity Does Not Exist: '${arn}'`);
      return activities.run(arn, call, progress, signal);
    },
    running: () => runs.live(),
    resume: () => runs.resume(),
  };
}

/** What is no ARN of a machine leads to none. */
function lenient<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof AwsError) return undefined;
    throw error;
  }
}

async function declare(context: StatesContext, declared: DeclaredMachine): Promise<MachineRow> {
  const { store } = context;
  const draft = draftOf(declared);
  // Its log group may be made after it: the template declares both.
  await checkDraft(draft, { ...context, logGroupExists: undefined });
  return store.write(() => {
    const { type, tags } = draft;
    const before = store.machine(draft.name) ?? createMachine(context, draft);
    // CloudFormation makes another machine where the type changes; what has run of this one stays to be looked at.
    const changed = changeMachine(context, { ...before, type, tags, deleting: false }, draft);
    store.putMachine(changed);
    if (declared.published !== undefined) publish(context, changed, declared.published.aliases);
    return changed;
  });
}

function publish(context: StatesContext, machine: MachineRow, aliases: readonly string[]): void {
  const { store, clock } = context;
  const { number } = publishVersion(context, machine);
  const nowMs = clock.now();
  for (const name of aliases) {
    const existing = store.alias(machine.name, name);
    const createdMs = existing?.createdMs ?? nowMs;
    const routing = [{ version: number, weight: 100 }];
    const description = existing?.description;
    store.putAlias({ machineName: machine.name, name, description, routing, createdMs, updatedMs: nowMs });
  }
}

function draftOf({ name, type, definition, roleArn, logging, tracing, tags }: DeclaredMachine): MachineDraft {
  return {
    name,
    type,
    definition,
    roleArn,
    logging: logging ?? NO_LOGGING,
    tracing: tracing ?? false,
    encryption: OWN_KEY,
    tags: tags ?? {},
  };
}
