/** Rows by the ARNs that clients name; throws what AWS answers where there is none. */
import type { RunContext } from "../run-context.js";
import { statesError } from "../errors.js";
import type { ExecutionRow, MapRunRow } from "../rows.js";
import { parseStatesArn } from "./names.js";

type Stored = Pick<RunContext, "store" | "realm">;

export function requireExecution({ store, realm }: Stored, arn: string): ExecutionRow {
  parseStatesArn(arn, realm, ["execution"]);
  const row = store.execution(arn);
  if (row === undefined) throw statesError.executionGone(arn);
  return row;
}

export function requireMapRun({ store, realm }: Stored, arn: string): MapRunRow {
  parseStatesArn(arn, realm, ["mapRun"]);
  const row = store.mapRun(arn);
  if (row === undefined) throw statesError.resourceGone(arn);
  return row;
}
