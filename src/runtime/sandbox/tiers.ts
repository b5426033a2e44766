/** Says what holds each limit on this machine, for `doctor`, the banner and `--json`. */
import type { CgroupSearch } from "./cgroup.js";
import type { LimitTiers, SandboxTier } from "./sandbox.js";

const ROOT_NOTES: Readonly<Record<SandboxTier, string>> = {
  bwrap: "bubblewrap: Lambda's file system, read-only but for /tmp",
  unshare: "util-linux unshare: Lambda's file system, read-only but for /tmp; bubblewrap would build it faster",
  portable: "no namespaces: code runs where it lies, the host's files can be written",
};

export function describeTiers(tier: SandboxTier, search: CgroupSearch): LimitTiers {
  const namespaces = tier !== "portable";
  const home = namespaces && "home" in search ? search.home : undefined;
  const polled = "polled, adaptive 2 to 50 ms: a runaway is killed within 10 % of the limit";
  return {
    root: { tier, note: ROOT_NOTES[tier] },
    tmp: namespaces
      ? { how: "tmpfs", exact: true, note: "a tmpfs of the configured size: ENOSPC at the exact byte" }
      : { how: "polled", exact: false, note: "a private folder, measured four times a second" },
    memory:
      home === undefined
        ? {
            how: "polled",
            exact: false,
            note: "reason" in search && namespaces ? `${polled}; ${search.reason}` : polled,
          }
        : {
            how: home.version === 1 ? "cgroup1" : "cgroup2",
            exact: true,
            note: `control group version ${home.version}: the kernel kills at the limit`,
          },
    kill: namespaces
      ? { how: "pid-namespace", exact: true, note: "the PID namespace is emptied: detached children die too" }
      : { how: "tree-walk", exact: false, note: "stops and kills the process tree" },
    freeze: { how: "signals", exact: namespaces, note: "SIGSTOP and SIGCONT to the whole tree" },
    cpu:
      home?.cpu === undefined
        ? { how: "off", exact: false, note: "no control group for CPU: all cores are there at every memory size" }
        : { how: "cgroup", exact: true, note: "quota of memory / 1,769 vCPU, when faithful CPU is asked for" },
  };
}
