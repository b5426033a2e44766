/**
 * Finds the processes of a portable sandbox among all of the host's: descendants, members of their process groups, and
 * on Linux whoever carries the sandbox's mark in the environment, so that a detached orphan is found too.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface HostProcess {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly ended: boolean;
  /** Clock ticks since boot; 0 where it is not told. */
  readonly startedAt: number;
}

function listHostProcesses(): HostProcess[] {
  return process.platform === "linux" ? listFromProc() : listFromPs();
}

function listFromProc(): HostProcess[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    const text = pid > 0 ? readQuietly(`/proc/${name}/stat`) : undefined;
    if (text === undefined) return [];
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state = "", parent, group] = fields;
    const ended = state === "Z" || state === "X";
    return [{ pid, parent: Number(parent), group: Number(group), ended, startedAt: Number(fields[19]) }];
  });
}

/** macOS and the BSDs: no /proc, but ps(1) speaks POSIX. */
function listFromPs(): HostProcess[] {
  const text = execFileSync("ps", ["-axo", "pid=,ppid=,pgid=,state="], { encoding: "latin1" });
  return text.split("\n").flatMap((line) => {
    const [pid, parent, group, state = ""] = line.trim().split(/\s+/);
    return pid === undefined || pid === ""
      ? []
      : [
          {
            pid: Number(pid),
            parent: Number(parent),
            group: Number(group),
            ended: state.startsWith("Z"),
            startedAt: 0,
          },
        ];
  });
}

/**
 * All live processes that belong to the roots, which lead groups of their own, or carry the mark. What started before
 * the sandbox cannot be its: that spares reading the environment of nearly every process of the host.
 */
export function findMembers(roots: ReadonlySet<number>, mark: string, sinceTicks: number): number[] {
  const isMarked = (one: HostProcess): boolean => one.startedAt >= sinceTicks && carriesMark(one.pid, mark);
  const all = listHostProcesses().filter((candidate) => !candidate.ended && candidate.pid !== process.pid);
  const members = new Set(
    all.filter((one) => roots.has(one.pid) || roots.has(one.group) || isMarked(one)).map((one) => one.pid),
  );
  for (let before = -1; before !== members.size;) {
    before = members.size;
    for (const one of all) if (members.has(one.parent)) members.add(one.pid);
  }
  return [...members];
}

function carriesMark(pid: number, mark: string): boolean {
  return process.platform === "linux" && (readQuietly(`/proc/${pid}/environ`)?.includes(mark) ?? false);
}

function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // ended, or another user's
  }
}
