/** Finds fixtures that have an expectation beside them: `put.json` with `put.expect.json` or `put.<label>.expect.json`. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { AppError } from "../../shared/errors.js";

export interface TestCase {
  /** Relative to the project, for people. */
  readonly name: string;
  readonly fixture: string;
  readonly expectation: string;
}

const SUFFIX = ".expect.json";

/** `paths`: fixtures, expectations or folders; without them everything under fixtures/. Throws LR6003 for an expectation without its fixture. */
export function findTests(folder: string, paths: readonly string[]): TestCase[] {
  const roots = paths.length === 0 ? [join(folder, "fixtures")] : paths.map((path) => resolve(folder, path));
  const files = roots.flatMap((root) => {
    const stats = statSync(root, { throwIfNoEntry: false });
    if (stats === undefined) {
      if (paths.length === 0) return [];
      throw new AppError("LR1002", { what: `There is no ${relative(folder, root)}` });
    }
    if (!stats.isDirectory()) return root.endsWith(SUFFIX) ? [root] : expectationsOf(root);
    return readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => join(root, name));
  });
  return [...new Set(files)].sort().map((expectation) => {
    const fixture = fixtureOf(expectation);
    if (fixture === undefined)
      throw new AppError("LR6003", {
        what: "There is no fixture beside this expectation",
        where: relative(folder, expectation),
      });
    return { name: relative(folder, expectation).slice(0, -SUFFIX.length), fixture, expectation };
  });
}

function expectationsOf(fixture: string): string[] {
  const stem = basename(fixture, ".json");
  return readdirSync(dirname(fixture))
    .filter((name) => name.startsWith(`${stem}.`) && name.endsWith(SUFFIX))
    .map((name) => join(dirname(fixture), name));
}

function fixtureOf(expectation: string): string | undefined {
  const stem = basename(expectation, SUFFIX);
  return [stem, stem.replace(/\.[^.]*$/, "")]
    .map((name) => join(dirname(expectation), `${name}.json`))
    .find((file) => existsSync(file));
}
