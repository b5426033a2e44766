/**
 * A sandbox is the room in which one execution environment lives: its root file system, its /tmp, its process tree
 * and its memory account. It outlives a reset: after a timeout or crash the runtime process is started anew in the
 * same sandbox, with /tmp kept. Implementations: linux (namespaces) and portable; the stack's containers for images.
 */
import type { Readable } from "node:stream";

export type SandboxTier = "bwrap" | "unshare" | "portable";

/** A host path shown read-only inside. In the portable tier nothing is mounted and `hostPath` is used as it is. */
export interface Mount {
  readonly hostPath: string;
  readonly guestPath: string;
}

export interface SandboxSpec {
  /** Unique; names the cgroup and the folder of the environment. */
  readonly id: string;
  readonly memoryMb: number;
  readonly ephemeralStorageMb: number;
  /** Code at /var/task, layers at /opt (later ones win), the runtime at /var/runtime, node at /var/lang. */
  readonly taskRoot: string;
  readonly layers: readonly string[];
  readonly mounts: readonly Mount[];
  /** CPU share by memory (1,769 MB = 1 vCPU), where a cgroup can enforce it. */
  readonly faithfulCpu: boolean;
  /** One process of it may await its variables. Linux tiers alone. */
  readonly holdsInput?: boolean;
}

/** Of a process's environment, by name. */
export type Variables = Readonly<Record<string, string>>;

export interface ProcessSpec {
  /** `runtime`, or `extension:<name>`. */
  readonly name: string;
  readonly isExtension?: boolean;
  /** As seen inside the sandbox. */
  readonly command: readonly string[];
  readonly env: Variables;
  /** `env` is not all: it finds the others as JSON on its standard input, in a room that holds it. */
  readonly awaitsVariables?: boolean;
}

/** How a process ended, in AWS's words. */
export type ProcessExit =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string }
  /** Killed because the environment outgrew MemorySize. */
  | { readonly kind: "out-of-memory" }
  /** The program cannot be run at all: `fork/exec /app: no such file or directory`. */
  | { readonly kind: "unstartable"; readonly reason: string };

/**
 * `signal` is spelled as Lambda spells it (`killed`, `aborted`, `segmentation fault`: see exit-status.ts). Namespaced
 * tiers learn the end of a process from a shell, where status 128 + n may also be a plain exit: a runtime that reports
 * its own exit code calls `noteCleanExit`.
 */
export interface SandboxProcess {
  readonly name: string;
  /** Resolves once, when the process has ended. */
  readonly exited: Promise<ProcessExit>;
  /** SIGTERM to the process alone (SHUTDOWN phase). */
  terminate(): void;
  /** The process itself said that it leaves with this code: it decides over a status that looks like a signal. */
  noteCleanExit(code: number): void;
  /** Present where it awaits them. */
  giveVariables?(variables: Variables): void;
}

export interface Sandbox {
  readonly tier: SandboxTier | "container";
  /** Resolves when the root stands; rejects with LR5005 when it cannot be built. Nothing needs to wait for it. */
  readonly ready: Promise<void>;
  /** Where ports that its processes open are found from here; absent = this machine's loopback. */
  readonly address?: string | undefined;
  /** The room has ended on its own (somebody killed its first process): nothing can be started in it any more. */
  readonly isGone: boolean;
  /** What a person should know about this sandbox, e.g. that its code is readable by root alone. */
  readonly notes: readonly string[];
  /** Paths as the function sees them (`/var/task`, or the host path in the portable tier). */
  readonly paths: { readonly task: string; readonly opt: string; readonly tmp: string; resolve(mount: Mount): string };
  /** Standard output and error of the processes in the sandbox; what extensions print comes by itself where it can be told apart. */
  readonly output: { readonly stdout: Readable; readonly stderr: Readable; readonly extensions?: Readable };
  /** Resolves when all that was written before this call has been handed to the readers of `output`. */
  flushOutput(): Promise<void>;
  spawn(process: ProcessSpec): SandboxProcess;
  /** SIGSTOP to the whole tree; cheap enough for every invocation (<= 50 us). */
  freeze(): void;
  /** SIGCONT to the whole tree. */
  thaw(): void;
  /** Kills every process in the sandbox, detached ones too; /tmp stays. Resolves when none is left. */
  killAll(): Promise<void>;
  /** Highest memory of the tree since the last call, in bytes; the REPORT line's Max Memory Used. */
  takePeakMemoryBytes(): number;
  /** Undefined where nobody may look. */
  tmpUsedBytes(): Promise<number | undefined>;
  /** Kills everything and removes every trace: mounts, cgroup, folders. Idempotent. */
  destroy(): Promise<void>;
}

/** What holds each limit on this machine; printed by `doctor`, the banner and `--json`. */
export interface LimitTiers {
  readonly root: { readonly tier: SandboxTier; readonly note: string };
  readonly tmp: { readonly how: "tmpfs" | "polled"; readonly exact: boolean; readonly note: string };
  readonly memory: { readonly how: "cgroup1" | "cgroup2" | "polled"; readonly exact: boolean; readonly note: string };
  readonly kill: { readonly how: "pid-namespace" | "tree-walk"; readonly exact: boolean; readonly note: string };
  readonly freeze: { readonly how: "signals"; readonly exact: boolean; readonly note: string };
  readonly cpu: { readonly how: "cgroup" | "off"; readonly exact: boolean; readonly note: string };
}

/** A tier that this machine refuses, and in whose words. */
export interface RefusedTier {
  readonly tier: SandboxTier;
  readonly reason: string;
}

/** Made once per process by `probeSandbox`. */
export interface SandboxFactory {
  readonly tier: SandboxTier;
  readonly tiers: LimitTiers;
  /** Better tiers that were tried first and why they cannot be had here. */
  readonly refused: readonly RefusedTier[];
  /** Starts building the room and returns at once; `spawn` may be called immediately. */
  create(spec: SandboxSpec): Sandbox;
}
