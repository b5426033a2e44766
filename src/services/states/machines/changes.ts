/** How machines come, change and go. All but `deleteMachine` belong into a transaction of the caller. */
import { randomUUID } from "node:crypto";
import type { RunContext } from "../run-context.js";
import { statesError } from "../errors.js";
import { machineArn } from "../executions/names.js";
import type { MachineRow, Revision, VersionRow } from "../rows.js";
import type { StatesStore } from "../store.js";
import type { MachineChange, MachineDraft } from "./drafts.js";

type Stored = Pick<RunContext, "store" | "realm" | "clock">;

/** Making the same machine again is no error: the role and the tags may even differ, and stay what they were. */
export function createMachine({ store, realm, clock }: Stored, draft: MachineDraft): MachineRow {
  const { name, type, definition, roleArn, logging, tracing, encryption, tags } = draft;
  const existing = store.machine(name);
  if (existing !== undefined) {
    const arn = machineArn(realm, name);
    if (existing.deleting) throw statesError.machineDeleting(arn);
    const { revision } = existing;
    const before = [existing.type, revision.definition, revision.logging, revision.tracing, revision.encryption.type];
    if (isSame(before, [type, definition, logging, tracing, encryption.type])) return existing;
    throw statesError.machineExists(arn);
  }
  const createdMs = clock.now();
  const machine: MachineRow = {
    name,
    type,
    createdMs,
    deleting: false,
    tags,
    nextVersion: 1,
    revision: { revisionId: undefined, definition, roleArn, logging, tracing, encryption, updatedMs: createdMs },
  };
  store.putMachine(machine);
  return machine;
}

/** A change that changes nothing makes no revision. */
export function changeMachine({ store, clock }: Stored, machine: MachineRow, change: MachineChange): MachineRow {
  const { revision } = machine;
  const next: Revision = {
    revisionId: randomUUID(),
    definition: change.definition ?? revision.definition,
    roleArn: change.roleArn ?? revision.roleArn,
    logging: change.logging ?? revision.logging,
    tracing: change.tracing ?? revision.tracing,
    encryption: change.encryption ?? revision.encryption,
    updatedMs: clock.now(),
  };
  if (isSame(changeable(revision), changeable(next))) return machine;
  const changed = { ...machine, revision: next };
  store.putMachine(changed);
  return changed;
}

const changeable = ({ definition, roleArn, logging, tracing, encryption }: Revision): unknown[] => [
  definition,
  roleArn,
  logging,
  tracing,
  encryption,
];

/** Of rows and drafts, whose members stand in one order. */
export const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The version of the revision it has now; the one that there is already, if there is. */
export function publishVersion({ store, clock }: Stored, machine: MachineRow, description?: string): VersionRow {
  const { name, nextVersion, revision } = machine;
  const newest = store.versions(name)[0];
  if (newest !== undefined && newest.revision.revisionId === revision.revisionId) return newest;
  const version: VersionRow = {
    machineName: name,
    number: nextVersion,
    description,
    createdMs: clock.now(),
    revision,
  };
  store.putVersion(version);
  store.putMachine({ ...machine, nextVersion: nextVersion + 1 });
  return version;
}

/**
 * A machine whose executions still run stays, and takes no new ones, until the last has come to its next state and stopped
 * there. One that is not there is no error.
 */
export async function deleteMachine({ store }: Stored, name: string): Promise<void> {
  await store.write(() => {
    const machine = store.machine(name);
    if (machine !== undefined && !removeWhenIdle(store, name)) store.putMachine({ ...machine, deleting: true });
  });
}

/** Removes a machine with all it ever ran, unless something of it still runs. */
export function removeWhenIdle(store: StatesStore, name: string): boolean {
  const all = store.allExecutionsOf(name);
  if (all.some((arn) => store.isRunning(arn))) return false;
  for (const arn of all) {
    const row = store.execution(arn);
    if (row !== undefined) store.removeExecution(row);
  }
  store.removeMachine(name);
  return true;
}
