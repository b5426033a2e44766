/** An operation that is not emulated is told to the log once, with the page that lists what is. */
import type { Logger } from "../../shared/logger.js";
import type { AwsError } from "./aws-error.js";

export const FIDELITY_PAGE = "docs/fidelity.md";
const CODES: ReadonlySet<string> = new Set(["UnknownOperationException", "InvalidAction"]);
/** A client that makes up names must not fill the memory. */
const MAX_TOLD = 1000;
const told = new WeakMap<Logger, Set<string>>();

export function tellUnknownOperation(log: Logger, error: AwsError): void {
  if (!CODES.has(error.code)) return;
  const known = told.get(log) ?? new Set();
  told.set(log, known);
  if (known.has(error.message) || known.size >= MAX_TOLD) return;
  known.add(error.message);
  log.warn({ code: error.code }, `${error.message} See ${FIDELITY_PAGE}`);
}
