/** Remembers which tiers work here, so that a one-shot invoke does not pay for a trial. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, release } from "node:os";
import { join } from "node:path";
import type { SandboxTier } from "./sandbox.js";

/** Raise when the way rooms are built changes, so that old verdicts count no more. */
const VERDICT_VERSION = 2;

/** Switches that forbid namespaces, on the kernels that have them. */
const SWITCHES = [
  "/proc/sys/user/max_user_namespaces",
  "/proc/sys/user/max_mnt_namespaces",
  "/proc/sys/kernel/unprivileged_userns_clone",
  "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
];

interface Verdict {
  readonly reason: string | undefined;
}

function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"];
  return join(base?.startsWith("/") ? base : join(homedir(), ".cache"), "lambda-run", "sandbox");
}

/** One small file per question: concurrent processes then never overwrite each other's answers. */
function verdictFile(tier: SandboxTier, tools: readonly string[]): string {
  const facts = [
    VERDICT_VERSION,
    release(),
    process.getuid?.(),
    ...tools.map((path) => `${path} ${statSync(path).mtimeMs}`),
    ...SWITCHES.map(readQuietly),
    // A container shares kernel and home folder with its host, but neither these namespaces nor these restrictions.
    readLinkQuietly("/proc/self/ns/user"),
    readLinkQuietly("/proc/self/ns/mnt"),
    ...readQuietly("/proc/self/status")
      .split("\n")
      .filter((line) => /^(CapEff|CapBnd|NoNewPrivs|Seccomp):/.test(line)),
  ];
  const key = createHash("sha256").update(facts.join("\n")).digest("hex").slice(0, 32);
  return join(cacheFolder(), `${tier}-${key}.json`);
}

export function readVerdict(tier: SandboxTier, tools: readonly string[]): Verdict | undefined {
  try {
    const { reason } = JSON.parse(readFileSync(verdictFile(tier, tools), "utf8")) as { readonly reason: unknown };
    return { reason: typeof reason === "string" ? reason : undefined };
  } catch {
    return undefined; // never tried, or not readable: try
  }
}

export function writeVerdict(tier: SandboxTier, tools: readonly string[], reason: string | undefined): void {
  try {
    const file = verdictFile(tier, tools);
    mkdirSync(cacheFolder(), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify({ reason: reason ?? null }));
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A home that cannot be written costs a trial per process, nothing else.
  }
}

export function forgetVerdicts(): void {
  rmSync(cacheFolder(), { recursive: true, force: true });
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function readLinkQuietly(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
