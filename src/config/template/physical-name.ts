/**
 * Names that CloudFormation makes for resources without one: `<stack>-<LogicalId>-<random>`. Here the random part is
 * a hash of the first two, so that the same template gives the same names and state is found again.
 * Code in the field finds functions by the prefix `<stack>-<LogicalId>-`, so the form matters.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
 */
import { createHash } from "node:crypto";

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LOWER = "abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const SUFFIX_LENGTH = 12;
/** CloudFormation cuts the logical id first, then the stack name. */
const LOGICAL_ID_LENGTH = 24;

export type Letters = "upper" | "lower" | "mixed";

/** Letters and digits that depend on `seed` alone. */
export function stableCode(seed: string, length: number, letters: Letters): string {
  const alphabet = { upper: UPPER, lower: LOWER, mixed: MIXED }[letters];
  const digest = createHash("sha256").update(seed).digest();
  return Array.from({ length }, (_, i) => alphabet[(digest[i % digest.length] ?? 0) % alphabet.length]).join("");
}

export interface NameForm {
  readonly maxLength: number;
  readonly letters: Letters;
  /** Secrets and state machines are named without the stack. */
  readonly withoutStack?: boolean;
}

export function physicalName(stackName: string, logicalId: string, form: NameForm): string {
  const suffix = stableCode(`${stackName}/${logicalId}`, SUFFIX_LENGTH, form.letters);
  const parts = form.withoutStack === true ? [logicalId] : [stackName, logicalId];
  const whole = [...parts, suffix].join("-");
  if (whole.length <= form.maxLength) return form.letters === "lower" ? whole.toLowerCase() : whole;
  const id = logicalId.slice(0, LOGICAL_ID_LENGTH);
  const room = form.maxLength - id.length - SUFFIX_LENGTH - 2;
  const short = (form.withoutStack === true ? [id, suffix] : [stackName.slice(0, room), id, suffix]).join("-");
  return form.letters === "lower" ? short.toLowerCase() : short;
}
