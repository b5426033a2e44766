/** Records of the history for people: a line in the list, and a page. */
import { shownNameOf, type HasName } from "../../config/shown-name.js";
import type { Explanation } from "../../stack/history/explain.js";
import {
  failed,
  leftOutWords,
  shortId,
  type ExecutionRecord,
  type HistoryRecord,
  type InvocationRecord,
} from "../../stack/history/records.js";
import type { Colours } from "./colours.js";

export const clockTime = (timeMs: number): string => new Date(timeMs).toLocaleTimeString("en-GB", { hour12: false });

export function recordLine(record: HistoryRecord, colours: Colours, named: readonly HasName[]): string {
  const head = `${colours.dim(clockTime(record.timeMs))}  ${colours.cyan(shortId(record.id))}  `;
  switch (record.kind) {
    case "object":
      return `${head}${record.name.replace("s3:", "s3 ")} ${record.bucket}/${record.key}`;
    case "filtered":
      return `${head}sqs message filtered out before ${shownNameOf(record.functionName, named)}`;
    case "execution":
      return `${head}${shownNameOf(record.machineName, named)}  ${ending(record, colours)}  ${record.durationMs} ms  ${colours.dim("execution")}`;
    case "left-out":
      return `${head}${leftOutWords(record)}`;
    case "invocation":
      return `${head}${shownNameOf(record.functionName, named)}  ${outcome(record, colours)}  ${figures(record)}  ${colours.dim(`${record.source} ${record.subject}`.trim())}`;
  }
}

/** The error of one that failed, like that of a function. */
function ending({ status, error }: ExecutionRecord, { green, red }: Colours): string {
  if (status === "SUCCEEDED") return green("ok");
  return red(error ?? status.toLowerCase().replace("_", " "));
}

function outcome(record: InvocationRecord, colours: Colours): string {
  const { httpStatus } = record;
  if (!failed(record)) {
    if (httpStatus === undefined) return colours.green("ok");
    return (httpStatus < 400 ? colours.green : httpStatus < 500 ? colours.yellow : colours.red)(`ok ${httpStatus}`);
  }
  return colours.red(record.status === "timeout" ? "timeout" : (record.errorType ?? "failed"));
}

export function figures({ durationMs, initDurationMs, maxMemoryUsedMb }: InvocationRecord): string {
  const cold = initDurationMs === undefined ? "" : ` (cold, init ${Math.round(initDurationMs)} ms)`;
  return `${durationMs} ms${cold}${maxMemoryUsedMb === undefined ? "" : `, ${maxMemoryUsedMb} MB`}`;
}

export function recordPage(record: HistoryRecord, colours: Colours, named: readonly HasName[]): string {
  const title = recordLine(record, colours, named);
  switch (record.kind) {
    case "object":
    case "left-out":
      return `${title}\nid       ${record.id}\n`;
    case "filtered":
      return `${title}\nid       ${record.id}\nbody     ${record.body}\nfilters  ${record.patterns.join("\n         ")}\n`;
    case "execution": {
      const part = (name: string, text = ""): string => (text === "" ? "" : `\n${colours.bold(name)}\n${text}\n`);
      const { executionArn, input, output, error, cause } = record;
      const failure = [error, cause].filter((text) => text !== undefined).join(": ");
      return `${title}\narn ${executionArn}\n${part("input", pretty(input))}${part("error", failure)}${part("output", output === undefined ? "" : pretty(output))}`;
    }
    case "invocation": {
      const part = (name: string, text: string): string => (text === "" ? "" : `\n${colours.bold(name)}\n${text}\n`);
      const logs = record.logs.replaceAll("\r", "\n").trimEnd();
      return `${title}\nid ${record.id}\n${part("event", pretty(record.event))}${part("log", logs)}${part(failed(record) ? "error" : "answer", pretty(record.result || (record.errorMessage ?? "")))}`;
    }
  }
}

export function explanationPage({ what, reasons, invocations }: Explanation, colours: Colours): string {
  const lines = reasons.map(
    ({ matched, rule, because }) =>
      `${matched ? colours.green("yes") : colours.red("no ")}  ${rule}\n     ${colours.dim(because)}`,
  );
  const came = invocations.length === 0 ? "" : `ran: ${invocations.map(shortId).join(", ")}\n`;
  return `${what}\n${lines.join("\n")}\n${came}`;
}

export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
