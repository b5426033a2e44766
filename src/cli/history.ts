/** The history of the project in the current folder, for the commands that look at it. */
import { resolve } from "node:path";
import type { HasName } from "../config/shown-name.js";
import { findRecord, readHistory } from "../stack/history/history-file.js";
import { failed, shortId, type HistoryRecord, type InvocationRecord } from "../stack/history/records.js";
import { AppError } from "../shared/errors.js";
import type { Project } from "./project.js";

export const historyOf = ({ config, folder }: Project): HistoryRecord[] => readHistory(resolve(folder, config.state));

/** What records are shown by. State machines go by their logical ids, as everywhere. */
export const namesOf = ({ application }: Pick<Project, "application">): readonly HasName[] => [
  ...application.functions,
  ...application.stateMachines.map(({ logicalId, name }) => ({ logicalId, name, nameIsMade: true }) as const),
];

/** `<id>`, `--last` or `--failed`. Throws LR6002 when there is none. */
export function chooseRecord(
  records: readonly HistoryRecord[],
  id: string | undefined,
  options: Readonly<Record<string, unknown>>,
): HistoryRecord {
  if (id !== undefined) return findRecord(records, id);
  const onlyFailed = options["failed"] === true;
  const record = records.findLast((one) => one.kind === "invocation" && (!onlyFailed || failed(one)));
  if (record === undefined)
    throw new AppError("LR6002", { what: onlyFailed ? "No invocation has failed" : "No function has run yet" });
  return record;
}

/** The same, where only an invocation will do. */
export function chooseInvocation(...choice: Parameters<typeof chooseRecord>): InvocationRecord {
  const record = chooseRecord(...choice);
  if (record.kind !== "invocation")
    throw new AppError("LR6002", {
      what: `${record.id} is no invocation`,
      fix:
        record.kind === "execution"
          ? `Run \`lambda-run show ${shortId(record.id)}\` for its input, and \`lambda-run execute\` with that.`
          : `Run \`lambda-run why ${shortId(record.id)}\` to see what it started.`,
    });
  return record;
}
