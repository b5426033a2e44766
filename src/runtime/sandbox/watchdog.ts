/**
 * Kills a portable sandbox when its supervisor dies without a word. It is a shell that waits for end of file on a pipe
 * from the supervisor: the kernel closes that pipe whatever ends the supervisor.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { startTicksOf } from "./process-tree.js";

/** $1 is the mark in the environment of the sandbox's processes; each line of input is a process group. */
const SCRIPT = `
groups=
while read -r group; do groups="$groups $group"; done
for group in $groups; do kill -KILL -- "-$group" 2>/dev/null; done
for file in $(grep -lsF "$1" /proc/[0-9]*/environ 2>/dev/null); do
  pid=\${file#/proc/}
  kill -KILL "\${pid%/environ}" 2>/dev/null
done`;

export class Watchdog {
  readonly #child: ChildProcess;

  constructor(mark: string) {
    // A group of its own, so that Ctrl-C in the terminal does not end it before its time.
    this.#child = spawn("/bin/sh", ["-c", SCRIPT, "sh", mark], {
      stdio: ["pipe", "ignore", "ignore"],
      env: { PATH: "/usr/bin:/bin" },
      detached: true,
    });
    this.#child.once("error", () => undefined);
    this.#child.stdin?.on("error", () => undefined);
    this.#child.unref();
  }

  /** Start of the sandbox in the kernel's clock ticks; 0 where that is not told. */
  get startedAt(): number {
    return Number((this.#child.pid === undefined ? undefined : startTicksOf(this.#child.pid)) ?? 0);
  }

  guard(group: number): void {
    this.#child.stdin?.write(`${group}\n`);
  }

  /** All are dead already: it must not shoot at process groups that may carry the numbers by then. */
  dismiss(): void {
    this.#child.kill("SIGKILL");
  }
}
