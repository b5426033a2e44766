/**
 * What an attribute value must be beyond its JSON type, with AWS's texts; brings numbers into canonical notation.
 * The texts and their order were compared with dynalite, which recorded them from the service.
 */
import { validationError } from "../errors.js";
import type { AttributeValue, Item } from "./attribute-value.js";
import { normaliseNumber } from "./number.js";

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_NESTING = 32;

/** Checks every attribute of an item or key. Throws ValidationException. */
export function validateItem(item: Item | undefined): void {
  if (item === undefined) return;
  for (const name of Object.keys(item)) validateValue(item[name] as AttributeValue);
}

export function validateValue(value: AttributeValue, depth = 1): void {
  const types = Object.keys(value);
  if (types.length === 0) {
    throw validationError("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
  }
  if (value.N !== undefined) value.N = normaliseNumber(value.N);
  if (value.NULL === false) throw invalid("Null attribute value types must have the value of true");
  validateSets(value);
  if (depth > MAX_NESTING) throw validationError("Nesting Levels have exceeded supported limits");
  if (value.M !== undefined) {
    for (const name of Object.keys(value.M)) validateValue(value.M[name] as AttributeValue, depth + 1);
  }
  for (const member of value.L ?? []) validateValue(member, depth + 1);
  if (types.length > 1) {
    throw validationError(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    );
  }
}

function validateSets(value: AttributeValue): void {
  if (value.SS?.length === 0) throw invalid("An string set  may not be empty");
  if (value.NS?.length === 0) throw invalid("An number set  may not be empty");
  if (value.BS?.length === 0) throw invalid("Binary sets should not be empty");
  if (value.NS !== undefined) value.NS = value.NS.map(normaliseNumber);
  if (value.SS !== undefined && hasDuplicate(value.SS))
    throw invalid(`Input collection [${value.SS.join(", ")}] contains duplicates.`);
  if (value.NS !== undefined && hasDuplicate(value.NS)) throw validationError("Input collection contains duplicates");
  if (value.BS !== undefined && hasDuplicate(value.BS)) {
    throw invalid(`Input collection [${value.BS.join(", ")}]of type BS contains duplicates.`);
  }
}

function hasDuplicate(members: readonly string[]): boolean {
  return new Set(members).size !== members.length;
}

function invalid(detail: string): Error {
  return validationError(`One or more parameter values were invalid: ${detail}`);
}
