/**
 * Entry of the bundle. `<tier> all` runs every scenario and prints what came out; `<tier> supervise` waits to be killed;
 * `any refusals` prints why which tiers cannot be had.
 */
import { readdirSync } from "node:fs";
import { findCgroupHome, sweepCgroups } from "../../../src/runtime/sandbox/cgroup.js";
import { sweepEnvironmentFolders, userFolders } from "../../../src/runtime/sandbox/environment-folder.js";
import { probeSandbox } from "../../../src/runtime/sandbox/probe.js";
import type { SandboxTier } from "../../../src/runtime/sandbox/sandbox.js";
import { scenarios, supervise, TIERS } from "./scenarios.js";

async function probe(tier: SandboxTier | undefined): Promise<object | { readonly refusal: string }> {
  try {
    const { tier: chosen, tiers, refused } = await probeSandbox(tier === undefined ? {} : { tier });
    return { tier: chosen, tiers, refused };
  } catch (error) {
    return { refusal: error instanceof Error && "why" in error ? error.why : String(error) };
  }
}

async function refusals(): Promise<Partial<Record<SandboxTier, string>>> {
  const reasons: Partial<Record<SandboxTier, string>> = {};
  for (const tier of TIERS) {
    const tried = await probe(tier);
    if ("refusal" in tried) reasons[tier] = tried.refusal;
  }
  return reasons;
}

async function runAll(tier: SandboxTier): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = { probe: await probe(tier) };
  for (const [name, scenario] of Object.entries(scenarios)) {
    results[name] = await scenario(tier).catch((error: unknown) => ({
      failed: error instanceof Error ? error.stack : String(error),
    }));
  }
  return results;
}

/** What a start does in passing, and what it leaves of others. */
async function sweep(): Promise<string[]> {
  const search = findCgroupHome();
  if ("home" in search) sweepCgroups(search.home);
  await sweepEnvironmentFolders();
  return [
    ...userFolders().flatMap((folder) => readdirSync(folder)),
    ...("home" in search ? readdirSync(search.home.memory) : []),
  ];
}

async function main(tier: string, what: string): Promise<unknown> {
  if (what === "probe") return probe(undefined);
  if (what === "refusals") return refusals();
  if (what === "sweep") return sweep();
  if (what === "supervise") return supervise(tier as SandboxTier);
  return runAll(tier as SandboxTier);
}

const [, , tier = "", what = ""] = process.argv;
void main(tier, what).then((result) => {
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit());
});
