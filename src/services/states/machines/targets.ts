/** What an ARN of a machine, a version or an alias leads to. */
import type { RunContext } from "../run-context.js";
import { statesError } from "../errors.js";
import { parseMachineArn } from "../executions/names.js";
import type { AliasRow, MachineRow, Revision } from "../rows.js";

export interface Target {
  readonly machine: MachineRow;
  readonly revision: Revision;
  readonly versionNumber: number | undefined;
  readonly aliasName: string | undefined;
}

type Stored = Pick<RunContext, "store" | "realm">;

/** A machine itself; throws StateMachineDoesNotExist for its versions and aliases, too. */
export function requireMachine({ store, realm }: Stored, arn: string): MachineRow {
  const reference = parseMachineArn(arn, realm);
  const isMachine = reference?.version === undefined && reference?.alias === undefined;
  const machine = reference !== undefined && isMachine ? store.machine(reference.name) : undefined;
  if (machine === undefined) throw statesError.machineGone(arn);
  return machine;
}

/** Undefined when there is none such. `random` is in [0, 1): by it an alias chooses. */
export function findTarget({ store, realm }: Stored, arn: string, random = 0): Target | undefined {
  const reference = parseMachineArn(arn, realm);
  const machine = reference === undefined ? undefined : store.machine(reference.name);
  if (reference === undefined || machine === undefined) return undefined;
  const { version, alias } = reference;
  const aliasRow = alias === undefined ? undefined : store.alias(machine.name, alias);
  if (alias !== undefined && aliasRow === undefined) return undefined;
  const versionNumber = aliasRow === undefined ? version : chosen(aliasRow, random);
  if (versionNumber === undefined)
    return { machine, revision: machine.revision, versionNumber: undefined, aliasName: undefined };
  const row = store.version(machine.name, versionNumber);
  return row === undefined ? undefined : { machine, revision: row.revision, versionNumber, aliasName: alias };
}

export function requireTarget(context: Stored, arn: string, random?: number): Target {
  const target = findTarget(context, arn, random);
  if (target === undefined) throw statesError.machineGone(arn);
  return target;
}

/** The version whose part of the hundred `random` falls into. */
export function chosen({ routing }: Pick<AliasRow, "routing">, random: number): number | undefined {
  let left = random * 100;
  for (const { version, weight } of routing) {
    if (left < weight) return version;
    left -= weight;
  }
  return routing.at(-1)?.version;
}
