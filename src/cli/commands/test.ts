/** `lambda-run test`: fixtures held against the expectations beside them, each in a stack of its own. */
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { findFunction } from "../../config/find-function.js";
import { configFromFlags } from "../../config/flag-values.js";
import { CONFIG_FLAGS } from "../../config/flags.js";
import { AppError, EXIT } from "../../shared/errors.js";
import { findTests, type TestCase } from "../../stack/test-runner/discover.js";
import { readExpectation } from "../../stack/test-runner/expectation.js";
import { runTests } from "../../stack/test-runner/run-tests.js";
import type { Action } from "../action.js";
import { findEventFile } from "../event-input.js";
import { loadProject } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { githubReport, githubSummary, junitReport, textReport, totals } from "../render/test-report.js";

const REPORTERS = ["text", "junit", "github"] as const;

export const testCommand: Action = async (paths, options) => {
  const startedAt = performance.now();
  // Faults of the template are told once and not by every test.
  const { folder, application } = await loadProject(options);
  const update = options["update"] === true;
  const reporter = reporterOf(options["reporter"]);
  const tests = selected(folder, paths, options, (name) => findFunction(application, name).logicalId);
  // An expectation that cannot be read is a fault of the project and no failed test.
  for (const { expectation } of tests) readExpectation(expectation);
  const colours = coloursFor(process.stdout);
  const results = await runTests(tests, {
    update,
    stack: {
      folder,
      config: configFromFlags(options, CONFIG_FLAGS),
      ...(typeof options["config"] === "string" ? { configFile: options["config"] } : {}),
    },
    ...workersOf(options["workers"]),
    onResult: (result) => {
      if (reporter !== "junit") process.stdout.write(textReport(result, colours));
    },
  });
  const out = options["out"];
  if (typeof out === "string") writeFileSync(out, junitReport(results));
  else if (reporter === "junit") process.stdout.write(junitReport(results));
  if (reporter === "github") {
    process.stdout.write(githubReport(results, folder));
    const summary = process.env["GITHUB_STEP_SUMMARY"];
    if (summary !== undefined && summary !== "") appendFileSync(summary, githubSummary(results));
  }
  process.stderr.write(`${totals(results, performance.now() - startedAt)}\n`);
  return results.some(({ failures }) => failures.length > 0) ? EXIT.functionError : EXIT.ok;
};

function selected(
  folder: string,
  paths: readonly string[],
  options: Readonly<Record<string, unknown>>,
  known: (name: string) => string,
): TestCase[] {
  const fixtures = paths.map((path) => (existsSync(path) ? path : findEventFile(path, folder)));
  const name = options["fn"];
  const [fixture] = fixtures;
  if (typeof name === "string") {
    // A new expectation: an empty one is written and filled in by the run.
    if (options["update"] !== true || fixture === undefined)
      throw new AppError("LR1004", {
        what: "--fn makes a new expectation",
        fix: "Pass a fixture and --update with it.",
      });
    const file = `${fixture.replace(/\.json$/, "")}.expect.json`;
    if (!existsSync(file)) writeFileSync(file, `${JSON.stringify({ function: known(name) }, null, 2)}\n`);
  }
  const tests = findTests(folder, fixtures);
  if (tests.length > 0) return tests;
  throw new AppError("LR6003", {
    what: "There is nothing to test: no fixture has an expectation",
    where: fixtures.map((path) => relative(folder, path)).join(", ") || "fixtures/",
    fix: "Make one with `lambda-run test <fixture> --fn <function> --update`.",
  });
}

function reporterOf(given: unknown): (typeof REPORTERS)[number] {
  if (given === undefined) return process.env["GITHUB_ACTIONS"] === "true" ? "github" : "text";
  const known = REPORTERS.find((name) => name === given);
  if (known === undefined)
    throw new AppError("LR1004", {
      what: `There is no reporter ${JSON.stringify(given)}`,
      fix: `Use one of: ${REPORTERS.join(", ")}.`,
    });
  return known;
}

function workersOf(given: unknown): { workers?: number } {
  if (given === undefined) return {};
  const workers = Number(given);
  if (!Number.isInteger(workers) || workers < 1)
    throw new AppError("LR1005", {
      what: `--workers is ${JSON.stringify(given)}`,
      fix: "Use a whole number from 1 on.",
    });
  return { workers };
}
