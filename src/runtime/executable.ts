/**
 * Why a file cannot be run, in the words that Lambda has from Go's fork/exec. Looked up before the start: behind the
 * tools that open a sandbox such a failure is exit status 126 or 127, which a program may have of its own.
 * AWS: Lambda developer guide, "Troubleshoot deployment issues in Lambda" (Runtime.InvalidEntrypoint), and error
 * reports of users from 2020 to 2025 for the three reasons.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import type { GuestFile } from "./guest-files.js";

/** Room for an ELF header and for any first line that the kernel reads. */
const HEAD_BYTES = 256;
const ANY_EXECUTE_BIT = 0o111;
const ELF_MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);
const ELF_MACHINE_OFFSET = 18;
const ELF_MACHINES: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 0x3e, arm64: 0xb7 };
/** Interpreters of other machines' programs that are registered with the kernel. */
const EMULATORS = "/proc/sys/fs/binfmt_misc";

/** Undefined = it can be run, as far as can be seen. `name` is what the function knows it by. */
export function whyNotRunnable(file: GuestFile | undefined, name: string): string | undefined {
  const reason = file === undefined ? "no such file or directory" : reasonOf(file);
  return reason === undefined ? undefined : `fork/exec ${name}: ${reason}`;
}

function reasonOf({ hostPaths: [path] }: GuestFile): string | undefined {
  if (path === undefined) return undefined;
  const found = statSync(path);
  if (!found.isFile() || (found.mode & ANY_EXECUTE_BIT) === 0) return "permission denied";
  const head = headOf(path);
  // "#! /bin/sh -e": what follows the first blank behind the path are arguments. A CR at the end is part of the name.
  const script = /^#![ \t]*([^ \t\n]*)/.exec(head.toString("latin1"));
  if (script !== null) {
    const interpreter = script[1] ?? "";
    return isInside(interpreter) || existsSync(interpreter) ? undefined : "no such file or directory";
  }
  // Programs of other systems than Linux have other heads: their kernel decides.
  if (process.platform !== "linux") return undefined;
  const isElf = head.subarray(0, ELF_MAGIC.length).equals(ELF_MAGIC);
  return isElf && isForThisMachine(head) ? undefined : "exec format error";
}

/** What comes with the function is looked for inside its environment alone. */
const isInside = (path: string): boolean => path.startsWith("/opt/") || path.startsWith("/var/");

function headOf(path: string): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  const file = openSync(path, "r");
  try {
    return head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function isForThisMachine(head: Buffer): boolean {
  const machine = ELF_MACHINES[process.arch];
  if (machine === undefined || head.length < ELF_MACHINE_OFFSET + 2) return true;
  return head.readUInt16LE(ELF_MACHINE_OFFSET) === machine || hasEmulator();
}

function hasEmulator(): boolean {
  try {
    return readdirSync(EMULATORS).some((name) => name.startsWith("qemu-"));
  } catch {
    return false;
  }
}
