/**
 * What the root of an execution environment consists of, as a list of steps that each tier carries out with its own
 * means. AWS: Lambda developer guide, "Lambda execution environment"; user, folders and modes were observed on AWS
 * (sbx_user1051, /var/task and /opt owned by root, /tmp 1777, no /dev/shm).
 */
import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { mergeLayers } from "./layers.js";
import type { SandboxSpec } from "./sandbox.js";

export const GUEST = { task: "/var/task", opt: "/opt", tmp: "/tmp" } as const;

/** The user that functions run as on Lambda. */
export const SANDBOX_USER = { name: "sbx_user1051", uid: 993, gid: 990 } as const;

export type PlanStep =
  | { readonly kind: "directory"; readonly guestPath: string }
  | { readonly kind: "symlink"; readonly guestPath: string; readonly target: string }
  | { readonly kind: "bind"; readonly guestPath: string; readonly hostPath: string }
  | { readonly kind: "device"; readonly guestPath: string }
  | { readonly kind: "proc"; readonly guestPath: string }
  | { readonly kind: "tmpfs"; readonly guestPath: string; readonly sizeBytes: number };

/** Files that stand in for the host's: they name the sandbox's user and group alone. */
export interface IdentityFiles {
  readonly passwd: string;
  readonly group: string;
}

export const PASSWD_TEXT =
  `root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n` +
  `${SANDBOX_USER.name}:x:${SANDBOX_USER.uid}:${SANDBOX_USER.gid}::/home/${SANDBOX_USER.name}:/sbin/nologin\n`;
export const GROUP_TEXT = `root:x:0:\nnogroup:x:65534:\n${SANDBOX_USER.name}:x:${SANDBOX_USER.gid}:\n`;

const SYSTEM_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/etc"];
const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

export function planRoot(spec: SandboxSpec, identity: IdentityFiles): PlanStep[] {
  return [
    ...systemSteps(),
    { kind: "bind", hostPath: identity.passwd, guestPath: "/etc/passwd" },
    { kind: "bind", hostPath: identity.group, guestPath: "/etc/group" },
    ...resolverSteps(),
    { kind: "directory", guestPath: "/dev" },
    ...DEVICES.map((guestPath): PlanStep => ({ kind: "device", guestPath })),
    { kind: "symlink", guestPath: "/dev/fd", target: "/proc/self/fd" },
    { kind: "symlink", guestPath: "/dev/stdin", target: "/proc/self/fd/0" },
    { kind: "symlink", guestPath: "/dev/stdout", target: "/proc/self/fd/1" },
    { kind: "symlink", guestPath: "/dev/stderr", target: "/proc/self/fd/2" },
    { kind: "proc", guestPath: "/proc" },
    { kind: "tmpfs", guestPath: GUEST.tmp, sizeBytes: spec.ephemeralStorageMb * MEBIBYTE },
    ...taskSteps(spec),
    ...(spec.layers.length === 0
      ? [{ kind: "directory", guestPath: GUEST.opt } as const]
      : mergeLayers(spec.layers, GUEST.opt)),
    ...spec.mounts.map((mount): PlanStep => ({ kind: "bind", ...mount })),
  ];
}

/**
 * The code, shown whole unless a mount lies inside it where the package has nothing to mount on (/var/task/node_modules):
 * the folders on the way are then opened, which costs a bind for each of their entries.
 */
function taskSteps(spec: SandboxSpec): PlanStep[] {
  const inside = spec.mounts
    .filter((mount) => mount.guestPath.startsWith(`${GUEST.task}/`))
    .map((mount) => mount.guestPath.slice(GUEST.task.length + 1).split("/"))
    .filter((names) => !isPlain(join(spec.taskRoot, ...names)));
  return openFolder(spec.taskRoot, GUEST.task, inside);
}

function openFolder(hostPath: string, guestPath: string, mounts: readonly (readonly string[])[]): PlanStep[] {
  if (mounts.length === 0) return [{ kind: "bind", hostPath, guestPath }];
  const steps: PlanStep[] = [{ kind: "directory", guestPath }];
  for (const entry of readdirSync(hostPath, { withFileTypes: true })) {
    const here = mounts.filter(([name]) => name === entry.name);
    if (here.some((names) => names.length === 1)) continue; // a link in the place of the mount: it is covered
    const paths = { hostPath: join(hostPath, entry.name), guestPath: join(guestPath, entry.name) };
    if (entry.isSymbolicLink())
      steps.push({ kind: "symlink", guestPath: paths.guestPath, target: readlinkSync(paths.hostPath) });
    else
      steps.push(
        ...openFolder(
          paths.hostPath,
          paths.guestPath,
          here.map((names) => names.slice(1)),
        ),
      );
  }
  return steps;
}

/** Something to mount on. A link would lead the mount elsewhere. */
function isPlain(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isSymbolicLink();
}

/** /usr and its companions. Merged distributions have /bin and /lib as links into /usr: these stay links. */
function systemSteps(): PlanStep[] {
  const steps: PlanStep[] = [];
  for (const path of SYSTEM_FOLDERS) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats?.isSymbolicLink()) steps.push({ kind: "symlink", guestPath: path, target: readlinkSync(path) });
    else if (stats?.isDirectory()) steps.push({ kind: "bind", hostPath: path, guestPath: path });
  }
  return steps;
}

/** /etc/resolv.conf is often a link into /run (systemd-resolved, NetworkManager): its folder is shown, so names resolve. */
function resolverSteps(): PlanStep[] {
  try {
    const folder = dirname(realpathSync("/etc/resolv.conf"));
    if (folder === "/etc" || folder.startsWith("/etc/") || folder.startsWith("/usr/")) return [];
    return statSync(folder).isDirectory() ? [{ kind: "bind", hostPath: folder, guestPath: folder }] : [];
  } catch {
    return []; // no resolver configured on this host
  }
}
