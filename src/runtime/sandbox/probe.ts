/**
 * Chooses the best tier that this machine allows, by trying: bubblewrap, util-linux, plain processes.
 * A trial costs some 20 ms, so its outcome is remembered in the user's cache folder until the kernel, the user, the
 * tools or the switches that forbid namespaces change. A remembered tier that fails all the same is forgotten.
 */
import { existsSync, statSync } from "node:fs";
import { AppError } from "../../shared/errors.js";
import { BWRAP_TOOLS, launchWithBwrap } from "./bwrap.js";
import { Cgroup, findCgroupHome, sweepCgroups, type CgroupSearch } from "./cgroup.js";
import { sweepEnvironmentFolders } from "./environment-folder.js";
import { LinuxSandbox, type Launcher } from "./linux-sandbox.js";
import { PortableSandbox } from "./portable-sandbox.js";
import { forgetVerdicts, readVerdict, writeVerdict } from "./probe-cache.js";
import type { RefusedTier, Sandbox, SandboxFactory, SandboxSpec, SandboxTier } from "./sandbox.js";
import { describeTiers } from "./tiers.js";
import { findTool, findTools } from "./tools.js";
import { runTrial } from "./trial.js";
import { launchWithUnshare, UNSHARE_TOOLS } from "./unshare.js";

const LADDER: readonly SandboxTier[] = ["bwrap", "unshare", "portable"];

export interface ProbeOptions {
  /** Only this tier; refused with LR5005 where the machine forbids it. */
  readonly tier?: SandboxTier;
}

const probes = new Map<SandboxTier | undefined, Promise<SandboxFactory>>();

/** Once per process and wish; later calls get the same factory. */
export function probeSandbox(options: ProbeOptions = {}): Promise<SandboxFactory> {
  const known = probes.get(options.tier);
  if (known !== undefined) return known;
  const probe = climb(options.tier === undefined ? LADDER : [options.tier]);
  probes.set(options.tier, probe);
  return probe;
}

async function climb(tiers: readonly SandboxTier[]): Promise<SandboxFactory> {
  const search = findCgroupHome();
  const refused: RefusedTier[] = [];
  for (const tier of tiers) {
    const found = findTier(tier, search);
    const reason = "reason" in found ? found.reason : await verdictOf(tier, found);
    if (reason === undefined && "create" in found) {
      sweepLater(search);
      return { tier, tiers: describeTiers(tier, search), refused, create: (spec) => found.create(checked(spec)) };
    }
    refused.push({ tier, reason: reason ?? "unknown" });
  }
  const last = refused.at(-1);
  throw new AppError("LR5005", {
    what: `The sandbox tier "${last?.tier ?? "?"}" cannot be used on this machine`,
    why: last?.reason ?? "unknown",
    fix: "Choose another tier, or leave the choice to lambda-run; `lambda-run doctor` lists them.",
  });
}

/** Says at once and by name what a failing mount would say later and in its own way. */
function checked(spec: SandboxSpec): SandboxSpec {
  for (const path of [spec.taskRoot, ...spec.layers, ...spec.mounts.map((mount) => mount.hostPath)]) {
    if (existsSync(path)) continue;
    throw new AppError("LR5005", {
      what: "A folder of the function does not exist",
      where: path,
      fix: "Build the function again.",
    });
  }
  for (const path of [spec.taskRoot, ...spec.layers]) {
    if (statSync(path).isDirectory()) continue;
    throw new AppError("LR5005", {
      what: "The code of a function, or a layer of it, is no folder",
      where: path,
      fix: "Name the folder, or unpack the archive.",
    });
  }
  return spec;
}

/** What opens rooms of this tier, where an earlier process has tried it; it tries nothing itself. */
export function rememberedSandbox(tier: SandboxTier): SandboxFactory["create"] | undefined {
  const found = findTier(tier, findCgroupHome());
  if (tier === "portable" || "reason" in found) return undefined;
  const verdict = readVerdict(tier, found.tools);
  if (verdict === undefined || verdict.reason !== undefined) return undefined;
  return (spec) => found.create(checked(spec));
}

interface FoundTier {
  /** Paths whose change makes a remembered trial void. */
  readonly tools: readonly string[];
  create(spec: SandboxSpec, onRefused?: (reason: string) => void): Sandbox;
}

function findTier(tier: SandboxTier, search: CgroupSearch): FoundTier | { readonly reason: string } {
  if (tier === "portable") return { tools: [], create: (spec) => new PortableSandbox(spec) };
  if (process.platform !== "linux") return { reason: `${process.platform} has no namespaces` };
  if (tier === "bwrap") {
    const found = findTools(BWRAP_TOOLS);
    if ("missing" in found) return { reason: `not installed: ${found.missing.join(", ")}` };
    const tools = { ...found.paths, setpriv: findTool("setpriv") };
    return linuxTier(tier, tools, (spec, folder) => launchWithBwrap(spec, folder, tools), search);
  }
  const found = findTools(UNSHARE_TOOLS);
  if ("missing" in found) return { reason: `not installed: ${found.missing.join(", ")}` };
  return linuxTier(tier, found.paths, (spec, folder) => launchWithUnshare(spec, folder, found.paths), search);
}

function linuxTier(
  tier: SandboxTier,
  tools: Readonly<Record<string, string | undefined>> & { readonly env: string; readonly sh: string },
  launcher: Launcher,
  search: CgroupSearch,
): FoundTier {
  return {
    tools: Object.values(tools).filter((path) => path !== undefined),
    create: (spec, onRefused = forgetVerdicts) => {
      const cgroup = "home" in search ? new Cgroup(search.home, spec) : undefined;
      return new LinuxSandbox({ tier, spec, launcher, tools, cgroup, onRefused });
    },
  };
}

/** The reason why the tier cannot be used, or undefined. */
async function verdictOf(tier: SandboxTier, found: FoundTier): Promise<string | undefined> {
  if (tier === "portable") return undefined;
  const remembered = readVerdict(tier, found.tools);
  if (remembered !== undefined) return remembered.reason;
  const reason = await runTrial((spec) => found.create(spec, () => undefined));
  writeVerdict(tier, found.tools, reason);
  return reason;
}

/** What killed supervisors left behind goes while nobody waits. */
function sweepLater(search: CgroupSearch): void {
  setImmediate(() => {
    if ("home" in search) sweepCgroups(search.home);
    void sweepEnvironmentFolders();
  }).unref();
}
