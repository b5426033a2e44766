/** The live view as text: what waits, what runs, what has run. Pure. */
import type { FunctionConfig } from "../../config/function-config.js";
import { shownName } from "../../config/shown-name.js";
import type { StateMachineConfig } from "../../config/application.js";
import type { Counts } from "../../stack/counters.js";
import type { QueueState } from "../../stack/queue-inspector.js";
import type { Colours } from "./colours.js";
import { ageText } from "./age.js";
import { table } from "./table.js";

export interface TopView {
  readonly queues: readonly QueueState[];
  readonly counts: Counts;
  /** Of the look before, `seconds` ago. */
  readonly before?: { readonly counts: Counts; readonly seconds: number };
}

export interface Declared {
  readonly functions: readonly FunctionConfig[];
  readonly stateMachines: readonly StateMachineConfig[];
}

export function topText({ queues, counts, before }: TopView, declared: Declared, { red, yellow }: Colours): string {
  const parts: string[] = [];
  if (queues.length > 0) {
    const rows = queues.map(({ name, visible, inFlight, delayed, oldestAgeMs }) => [
      name,
      ...[visible, inFlight, delayed].map(String),
      oldestAgeMs === null ? "-" : ageText(oldestAgeMs),
    ]);
    parts.push(table([["QUEUE", "VISIBLE", "IN FLIGHT", "DELAYED", "OLDEST"], ...rows]));
  }
  if (declared.stateMachines.length > 0) {
    const rows = declared.stateMachines.map(({ name, logicalId }) => {
      const { running = 0, succeeded = 0, failed = 0 } = counts.machines[name] ?? {};
      return [logicalId, ...[running, succeeded, failed].map(String)];
    });
    parts.push(marked(table([["STATE MACHINE", "RUNNING", "SUCCEEDED", "FAILED"], ...rows]), rows, 3, red));
  }
  const rows = declared.functions.map((fn) => {
    const { running = 0, invocations = 0, errors = 0, throttles = 0 } = counts.functions[fn.name] ?? {};
    const done = invocations - (before?.counts.functions[fn.name]?.invocations ?? invocations);
    const rate = before === undefined ? "-" : (done / before.seconds).toFixed(1);
    return [shownName(fn), String(running), String(invocations), rate, String(throttles), String(errors)];
  });
  if (rows.length > 0)
    parts.push(
      marked(
        table([["FUNCTION", "RUNNING", "INVOCATIONS", "PER SECOND", "THROTTLES", "ERRORS"], ...rows]),
        rows,
        5,
        red,
      ),
    );
  return parts.length === 0
    ? `${yellow("nothing to show:")} the template declares no queue, machine or function\n`
    : parts.join("\n");
}

/** Lines whose number in this column is not zero. */
function marked(
  text: string,
  rows: readonly (readonly string[])[],
  column: number,
  mark: (text: string) => string,
): string {
  const lines = text.split("\n");
  return lines
    .map((line, index) => (index > 0 && (rows[index - 1]?.[column] ?? "0") !== "0" ? mark(line) : line))
    .join("\n");
}
