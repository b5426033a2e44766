/** ExclusiveStartKey: its values are checked like any others, but most refusals say what they are about. */
import { validationError } from "../errors.js";
import type { Item } from "../values/attribute-value.js";
import { validateItem } from "../values/validate.js";

/** Messages that the service sends without the usual opening words. */
const BARE = /contains duplicates|number set|numeric value|significant digits|number with magnitude/;

export function validateStartKey(key: Item | undefined): void {
  try {
    validateItem(key);
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    throw validationError(BARE.test(message) ? message : `The provided starting key is invalid: ${message}`);
  }
}
