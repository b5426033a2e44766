/**
 * The root by util-linux alone, for machines without bubblewrap. The mount points are made on the host by plain mkdir,
 * then one `mount -a` binds everything: fifteen mount(8) calls would cost 30 ms, this costs under 10.
 * See unshare(1), mount(8), pivot_root(2) and user_namespaces(7).
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Launch } from "./launch.js";
import { flagsOf, hasSubmounts, readHostMounts, type HostMount } from "./mountinfo.js";
import { dropFromRoot, isRoot } from "./privileges.js";
import { GROUP_TEXT, GUEST, PASSWD_TEXT, planRoot, SANDBOX_USER, type PlanStep } from "./root-plan.js";
import type { SandboxSpec } from "./sandbox.js";
import { quote } from "./shell.js";

export const UNSHARE_TOOLS = ["unshare", "mount", "umount", "pivot_root", "sh", "env", "setpriv"] as const;
export type UnshareTools = Readonly<Record<(typeof UNSHARE_TOOLS)[number], string>>;

export function launchWithUnshare(spec: SandboxSpec, folder: string, tools: UnshareTools): Launch {
  const root = join(folder, "root");
  const identity = { passwd: join(folder, "passwd"), group: join(folder, "group") };
  writeFileSync(identity.passwd, PASSWD_TEXT, { mode: 0o644 });
  writeFileSync(identity.group, GROUP_TEXT, { mode: 0o644 });
  const plan = planRoot(spec, identity);
  makeMountPoints(root, plan);
  const fstab = join(folder, "fstab");
  writeFileSync(fstab, fstabOf(root, plan));

  const drop = isRoot()
    ? dropFromRoot(tools.setpriv, spec)
    : {
        words: [tools.unshare, "--user", `--map-user=${SANDBOX_USER.uid}`, `--map-group=${SANDBOX_USER.gid}`],
        notes: [],
      };
  const userNamespace = isRoot() ? [] : ["--user", "--map-root-user"];
  return {
    command: [
      tools.unshare,
      ...userNamespace,
      "--mount",
      "--pid",
      "--ipc",
      "--fork",
      "--kill-child",
      "--propagation",
      "private",
      tools.sh,
    ],
    setup: [
      `${quote(tools.mount)} -a -T ${quote(fstab)}`,
      `cd ${quote(root)}`,
      // `pivot_root . .` stacks the old root on the new one; unmounting `.` takes the old one off.
      `${quote(tools.pivot_root)} . .`,
      `${quote(tools.umount)} -l .`,
      `cd ${GUEST.task}`,
    ].join(" && "),
    dropPrivileges: drop.words,
    notes: drop.notes,
  };
}

/** Empty folders and files to mount on. A file inside a folder that is itself bound (/etc/passwd) is there already. */
function makeMountPoints(root: string, plan: readonly PlanStep[]): void {
  const bound: string[] = [];
  mkdirSync(root);
  for (const step of plan) {
    const { guestPath } = step;
    const path = join(root, guestPath);
    if (bound.some((outer) => guestPath.startsWith(`${outer}/`))) continue;
    mkdirSync(dirname(path), { recursive: true });
    if (step.kind === "symlink") symlinkSync(step.target, path);
    else if (step.kind === "device" || (step.kind === "bind" && !statSync(step.hostPath).isDirectory()))
      writeFileSync(path, "", { flag: "a" });
    else mkdirSync(path, { recursive: true });
    if (step.kind === "bind" || step.kind === "proc" || step.kind === "tmpfs") bound.push(guestPath);
  }
}

function fstabOf(root: string, plan: readonly PlanStep[]): string {
  const mounts = readHostMounts();
  const lines = [fstabLine(root, root, "none", readOnlyBind(mounts, root))];
  for (const step of plan) {
    const target = join(root, step.guestPath);
    if (step.kind === "bind") lines.push(fstabLine(step.hostPath, target, "none", readOnlyBind(mounts, step.hostPath)));
    else if (step.kind === "device") lines.push(fstabLine(step.guestPath, target, "none", "bind"));
    else if (step.kind === "tmpfs")
      lines.push(fstabLine("tmpfs", target, "tmpfs", `size=${step.sizeBytes},mode=1777,nosuid,nodev`));
    else if (step.kind === "proc") {
      lines.push(fstabLine("proc", target, "proc", "nosuid,nodev,noexec"));
      // The kernel's switches check the user, not capabilities: root without capabilities could still turn them.
      if (isRoot())
        lines.push(fstabLine(join(target, "sys"), join(target, "sys"), "none", "bind,ro,nosuid,nodev,noexec"));
    }
  }
  return `${lines.join("\n")}\n`;
}

function readOnlyBind(mounts: readonly HostMount[], hostPath: string): string {
  const bind = hasSubmounts(mounts, hostPath) ? "rbind" : "bind";
  return [...new Set([bind, "ro", "nosuid", ...flagsOf(mounts, hostPath)])].join(",");
}

/** Blanks end a field and `#` opens a comment in fstab(5): both are written in octal. */
function fstabLine(source: string, target: string, type: string, options: string): string {
  const escape = (path: string): string =>
    path.replace(/[\s\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);
  return `${escape(source)} ${escape(target)} ${type} ${options} 0 0`;
}
