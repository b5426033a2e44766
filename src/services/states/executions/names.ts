/**
 * Names and ARNs of machines, executions, Map Runs and activities.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html (what a name may not hold)
 */
import { randomUUID } from "node:crypto";
import type { Realm } from "../../../shared/arn.js";
import { statesError } from "../errors.js";

const SURROGATE = /\p{Surrogate}/u;
// White space, brackets, wildcards, special and control characters.
const FORBIDDEN = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\ufffe\uffff]/u;
const PARTS = /^arn:aws[\w-]*:states:([a-z0-9-]*):(\d*):([^:]+):(.+)$/;

export function checkName(name: string): void {
  if (FORBIDDEN.test(name) || SURROGATE.test(name)) throw statesError.invalidName(name);
}

export const newName = (): string => randomUUID();

export const prefixOf = ({ region, accountId }: Realm): string => `arn:aws:states:${region}:${accountId}`;

/** `qualifier`: the number of a version, or the name of an alias. */
export const machineArn = (realm: Realm, name: string, qualifier?: string | number): string =>
  `${prefixOf(realm)}:stateMachine:${name}${qualifier === undefined ? "" : `:${qualifier}`}`;
export const executionArn = (realm: Realm, machineName: string, name: string): string =>
  `${prefixOf(realm)}:execution:${machineName}:${name}`;
export const expressArn = (realm: Realm, machineName: string, name: string): string =>
  `${prefixOf(realm)}:express:${machineName}:${name}:${randomUUID()}`;
export const mapRunArn = (realm: Realm, machineName: string, label: string): string =>
  `${prefixOf(realm)}:mapRun:${machineName}/${label}:${randomUUID()}`;
export const activityArn = (realm: Realm, name: string): string => `${prefixOf(realm)}:activity:${name}`;

export interface StatesArn {
  readonly type: string;
  /** What stands behind the type: `name`, `name:qualifier`. */
  readonly rest: string;
  /** Not of this account and region: there is nothing by it here. */
  readonly foreign: boolean;
}

/** The kinds of resources Step Functions has; an ARN of another kind is none. */
const TYPES: ReadonlySet<string> = new Set(["stateMachine", "execution", "express", "mapRun", "activity"]);

/** Throws InvalidArn for what is none, and for a resource that the operation does not take. */
export function parseStatesArn(arn: string, realm: Realm, allowed: readonly string[]): StatesArn {
  const [, region, accountId, type, rest] = PARTS.exec(arn) ?? [];
  if (type === undefined || rest === undefined || !TYPES.has(type)) throw statesError.invalidArnPrefix(arn);
  // In lower case, as AWS has it.
  if (!allowed.includes(type)) throw statesError.wrongResourceType(type.toLowerCase());
  return { type, rest, foreign: region !== realm.region || accountId !== realm.accountId };
}

export interface MachineReference {
  readonly name: string;
  readonly version: number | undefined;
  readonly alias: string | undefined;
}

/** Of a machine, a version or an alias; undefined when it is of another account or region. */
export function parseMachineArn(arn: string, realm: Realm): MachineReference | undefined {
  const { rest, foreign } = parseStatesArn(arn, realm, ["stateMachine"]);
  const [name = "", qualifier] = rest.split(":");
  if (foreign) return undefined;
  const isVersion = qualifier !== undefined && /^\d+$/.test(qualifier);
  return { name, version: isVersion ? Number(qualifier) : undefined, alias: isVersion ? undefined : qualifier };
}
