/**
 * How handlers lose their privileges. As root on the host they become Lambda's user; an ordinary user's handlers get a
 * user namespace below the one that owns the mounts, so that nothing they do can unmount, remount or trace the keeper.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { SANDBOX_USER } from "./root-plan.js";
import type { SandboxSpec } from "./sandbox.js";

const READ_BY_OTHERS = 0o004;
const ENTER_BY_OTHERS = 0o005;

export interface PrivilegeDrop {
  readonly words: readonly string[];
  readonly notes: readonly string[];
}

/** Numbers of CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP and CAP_SYS_ADMIN; see capabilities(7). */
const NEEDED_CAPABILITIES = [5, 6, 7, 8, 21];

/** Root with the powers to mount and to become another user. Root of a plain container has not: it goes the user's way. */
export function isRoot(): boolean {
  root ??= process.getuid?.() === 0 && hasCapabilities();
  return root;
}

let root: boolean | undefined;

function hasCapabilities(): boolean {
  const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"));
  const held = BigInt(`0x${match?.[1] ?? "0"}`);
  return NEEDED_CAPABILITIES.every((capability) => (held >> BigInt(capability)) % 2n === 1n);
}

/** For a supervisor that is root: another user, no capabilities, no way to get new ones. */
export function dropFromRoot(setpriv: string, spec: SandboxSpec): PrivilegeDrop {
  const caps = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"];
  const closed = firstUnreadable(spec);
  if (closed === undefined) {
    return {
      words: [setpriv, `--reuid=${SANDBOX_USER.uid}`, `--regid=${SANDBOX_USER.gid}`, "--clear-groups", ...caps],
      notes: [],
    };
  }
  return {
    words: [setpriv, ...caps],
    notes: [
      `${closed} is readable by root alone, so the function runs as root without capabilities instead of as ${SANDBOX_USER.name}`,
    ],
  };
}

/** The first path of the function that another user could not read. Looks one level deep: a package is all of one umask. */
function firstUnreadable(spec: SandboxSpec): string | undefined {
  const roots = [spec.taskRoot, ...spec.layers, ...spec.mounts.map((mount) => mount.hostPath)];
  for (const root of roots) {
    if (!isReadableByOthers(root)) return root;
  }
  return readdirSync(spec.taskRoot)
    .map((name) => join(spec.taskRoot, name))
    .find((path) => !isReadableByOthers(path));
}

function isReadableByOthers(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return true; // a dangling link is nobody's
  const wanted = stats.isDirectory() ? ENTER_BY_OTHERS : READ_BY_OTHERS;
  return (stats.mode & wanted) === wanted;
}
