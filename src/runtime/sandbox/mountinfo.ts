/**
 * The flags of the host's mounts. Inside a user namespace the kernel locks nosuid, nodev, noexec, ro and the atime mode of
 * inherited mounts: a bind remount that leaves one out is refused with EPERM. See user_namespaces(7), mount_namespaces(7).
 */
import { readFileSync } from "node:fs";

export interface HostMount {
  readonly mountPoint: string;
  readonly flags: readonly string[];
}

const LOCKED_FLAGS = new Set(["ro", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime", "strictatime"]);

export function readHostMounts(): HostMount[] {
  return parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"));
}

export function parseMountinfo(text: string): HostMount[] {
  const mounts: HostMount[] = [];
  for (const line of text.split("\n")) {
    const [, , , , mountPoint, options] = line.split(" ");
    if (mountPoint === undefined || options === undefined) continue;
    const flags = options.split(",").filter((flag) => LOCKED_FLAGS.has(flag));
    // No atime flag at all means strictatime, which has to be asked for: mount(8)'s default is relatime.
    if (!flags.some((flag) => flag.endsWith("atime") && flag !== "nodiratime")) flags.push("strictatime");
    mounts.push({ mountPoint: unescapeOctal(mountPoint), flags });
  }
  return mounts;
}

/** Flags that a bind of this path must keep. The last of several mounts at one point is the one seen. */
export function flagsOf(mounts: readonly HostMount[], path: string): readonly string[] {
  let best: HostMount | undefined;
  for (const mount of mounts) {
    if (isInside(path, mount.mountPoint) && mount.mountPoint.length >= (best?.mountPoint.length ?? 0)) best = mount;
  }
  return best?.flags ?? [];
}

/** Whether something is mounted below the path: the kernel then refuses a plain bind in a user namespace. */
export function hasSubmounts(mounts: readonly HostMount[], path: string): boolean {
  return mounts.some((mount) => mount.mountPoint !== path && isInside(mount.mountPoint, path));
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
