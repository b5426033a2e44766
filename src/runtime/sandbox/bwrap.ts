/**
 * The root by bubblewrap, in one call. See bwrap(1).
 * The keeper is process 1 (`--as-pid-1`): the kernel shields it from every signal that comes from inside.
 */
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Launch } from "./launch.js";
import { dropFromRoot, isRoot } from "./privileges.js";
import { GROUP_TEXT, GUEST, PASSWD_TEXT, planRoot, SANDBOX_USER, type PlanStep } from "./root-plan.js";
import type { SandboxSpec } from "./sandbox.js";

export const BWRAP_TOOLS = ["bwrap", "sh", "env"] as const;
export type BwrapTools = Readonly<Record<(typeof BWRAP_TOOLS)[number], string>> & {
  readonly setpriv: string | undefined;
};

export function launchWithBwrap(spec: SandboxSpec, folder: string, tools: BwrapTools): Launch {
  const identity = { passwd: join(folder, "passwd"), group: join(folder, "group") };
  writeFileSync(identity.passwd, PASSWD_TEXT, { mode: 0o644 });
  writeFileSync(identity.group, GROUP_TEXT, { mode: 0o644 });
  // As root the mounts belong to the host's user namespace and the handler is another user; else bwrap makes a namespace
  // and drops all capabilities itself, so the handler needs nothing more.
  const asRoot = isRoot() && tools.setpriv !== undefined;
  const drop = asRoot ? dropFromRoot(tools.setpriv, spec) : { words: [], notes: [] };
  const command = [
    tools.bwrap,
    ...(asRoot ? [] : ["--unshare-user", "--uid", String(SANDBOX_USER.uid), "--gid", String(SANDBOX_USER.gid)]),
    "--unshare-pid",
    "--unshare-ipc",
    "--die-with-parent",
    "--as-pid-1",
    ...withParents(planRoot(spec, identity)).flatMap(argumentsOf),
    "--remount-ro",
    "/",
    "--chdir",
    GUEST.task,
    tools.sh,
  ];
  return {
    command,
    setup: ":",
    dropPrivileges: drop.words,
    notes: drop.notes,
  };
}

/** bwrap makes parents of its own accord, but closed to other users: they are named here, before they are needed. */
function withParents(plan: readonly PlanStep[]): PlanStep[] {
  const known = new Set(plan.map((step) => step.guestPath));
  return plan.flatMap((step) => {
    const parents: PlanStep[] = [];
    for (let parent = dirname(step.guestPath); parent !== "/" && !known.has(parent); parent = dirname(parent)) {
      known.add(parent);
      parents.unshift({ kind: "directory", guestPath: parent });
    }
    return [...parents, step];
  });
}

function argumentsOf(step: PlanStep): string[] {
  if (step.kind === "directory") return ["--perms", "0755", "--dir", step.guestPath];
  if (step.kind === "symlink") return ["--symlink", step.target, step.guestPath];
  if (step.kind === "bind") return ["--ro-bind", step.hostPath, step.guestPath];
  if (step.kind === "device") return ["--dev-bind", step.guestPath, step.guestPath];
  if (step.kind === "proc") return ["--proc", step.guestPath];
  return ["--perms", "1777", "--size", String(step.sizeBytes), "--tmpfs", step.guestPath];
}
