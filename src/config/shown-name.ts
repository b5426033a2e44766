/**
 * What people read where a function is meant: its FunctionName if the template gives one, else its logical id, which is
 * what they wrote. The name that CloudFormation would make up is for code, ARNs and log groups.
 */
import type { FunctionConfig } from "./function-config.js";

export type HasName = Pick<FunctionConfig, "logicalId" | "name" | "nameIsMade">;

export const shownName = ({ logicalId, name, nameIsMade }: HasName): string => (nameIsMade === true ? logicalId : name);

/** The same for a name alone; one that none of the functions has is shown as it is. */
export function shownNameOf(name: string, functions: readonly HasName[]): string {
  const fn = functions.find((one) => one.name === name);
  return fn === undefined ? name : shownName(fn);
}
