/**
 * The root by bubblewrap, in one call. See bwrap(1).
 * The keeper is process 1 (`--as-pid-1`): the kernel shields it from every signal that comes from inside.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CgroupProcs, Launch } from "./launch.js";
import { dropFromRoot, isRoot } from "./privileges.js";
import { GROUP_TEXT, GUEST, PASSWD_TEXT, planRoot, SANDBOX_USER, type PlanStep } from "./root-plan.js";
import type { SandboxSpec } from "./sandbox.js";
import { quote, quoteAll } from "./shell.js";

export const BWRAP_TOOLS = ["bwrap", "sh", "env"] as const;
export type BwrapTools = Readonly<Record<(typeof BWRAP_TOOLS)[number], string>> & { readonly setpriv: string | undefined };

export function launchWithBwrap(spec: SandboxSpec, folder: string, tools: BwrapTools, cgroups: CgroupProcs): Launch {
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
    ...["--unshare-pid", "--unshare-ipc", "--die-with-parent", "--as-pid-1"],
    ...planRoot(spec, identity).flatMap(argumentsOf),
    ...["--remount-ro", "/", "--chdir", GUEST.task],
    tools.sh,
  ];
  const join1 = cgroups.map((procs) => `echo 0 > ${quote(procs)} && `).join("");
  return {
    command: join1 === "" ? command : [tools.sh, "-c", `${join1}exec ${quoteAll(command)}`],
    setup: ":",
    dropPrivileges: drop.words,
    notes: drop.notes,
  };
}

function argumentsOf(step: PlanStep): string[] {
  switch (step.kind) {
    case "directory":
      return ["--dir", step.guestPath];
    case "symlink":
      return ["--symlink", step.target, step.guestPath];
    case "bind":
      return ["--ro-bind", step.hostPath, step.guestPath];
    case "device":
      return ["--dev-bind", step.guestPath, step.guestPath];
    case "proc":
      return ["--proc", step.guestPath];
    case "tmpfs":
      return ["--perms", "1777", "--size", String(step.sizeBytes), "--tmpfs", step.guestPath];
  }
}
