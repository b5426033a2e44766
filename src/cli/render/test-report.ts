/** What tests came to: for people, for JUnit readers, and as annotations of GitHub. */
import { relative } from "node:path";
import type { CaseResult } from "../../stack/test-runner/run-case.js";
import type { Colours } from "./colours.js";

const MAX_LOG_LINES = 12;

export function textReport(
  { test, functionName, failures, durationMs, logs, updated }: CaseResult,
  colours: Colours,
): string {
  const mark = failures.length === 0 ? colours.green("pass") : colours.red("FAIL");
  const head = `${mark} ${test.name} ${colours.dim(`${functionName} ${Math.round(durationMs)} ms`)}${updated ? ` ${colours.yellow("updated")}` : ""}\n`;
  if (failures.length === 0) return head;
  const log = logs.slice(-MAX_LOG_LINES).map((line) => `       ${colours.dim(line.replaceAll("\r", "\n"))}\n`);
  return `${head}${failures.map((line) => `     ${line}\n`).join("")}${log.join("")}`;
}

export function totals(results: readonly CaseResult[], totalMs: number): string {
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const updated = results.filter(({ updated: one }) => one).length;
  const parts = [
    `${results.length - failed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(updated > 0 ? [`${updated} updated`] : []),
  ];
  return `${parts.join(", ")} in ${(totalMs / 1000).toFixed(1)} s`;
}

/** https://github.com/testmoapp/junitxml describes what readers agree on. */
export function junitReport(results: readonly CaseResult[]): string {
  const cases = results.map(({ test, functionName, failures, durationMs, logs }) => {
    const attributes = `classname="${xml(functionName)}" name="${xml(test.name)}" time="${(durationMs / 1000).toFixed(3)}"`;
    const failure =
      failures.length === 0 ? "" : `<failure message="${xml(failures[0] ?? "")}">${xml(failures.join("\n"))}</failure>`;
    return `    <testcase ${attributes}>${failure}<system-out>${xml(logs.join("\n"))}</system-out></testcase>`;
  });
  const failed = results.filter(({ failures }) => failures.length > 0).length;
  const seconds = results.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
  const counts = `tests="${results.length}" failures="${failed}" errors="0" time="${seconds.toFixed(3)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n  <testsuite name="lambda-run" ${counts}>\n${cases.join("\n")}\n  </testsuite>\n</testsuites>\n`;
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands */
export function githubReport(results: readonly CaseResult[], folder: string): string {
  return results
    .flatMap(({ test, failures }) =>
      failures.map(
        (line) =>
          `::error file=${property(relative(folder, test.expectation))},title=${property(test.name)}::${data(line)}\n`,
      ),
    )
    .join("");
}

/** A table for the page of the run. */
export function githubSummary(results: readonly CaseResult[]): string {
  const rows = results.map(
    ({ test, functionName, failures, durationMs }) =>
      `| ${failures.length === 0 ? "pass" : "**fail**"} | ${test.name} | ${functionName} | ${Math.round(durationMs)} ms | ${failures.join("<br>").replaceAll("|", "\\|")} |`,
  );
  return `### lambda-run test\n\n| | test | function | time | |\n| --- | --- | --- | --- | --- |\n${rows.join("\n")}\n`;
}

const XML: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** Not allowed in XML 1.0, escaped or not. */
const CONTROL = new RegExp(String.raw`[\u0000-\u0008\u000b-\u001f]`, "g");
const xml = (text: string): string => text.replace(CONTROL, " ").replace(/[&<>"]/g, (letter) => XML[letter] ?? letter);

const data = (text: string): string => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const property = (text: string): string => data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
