/**
 * The keeper: a shell that is process 1 of a sandbox. It holds the mount namespace, so /tmp survives a reset of the
 * runtime, and takes orders on its standard input; it answers on descriptor 3. When the supervisor dies, however it
 * dies, the shell reads end of file and leaves, and with process 1 the kernel kills the whole namespace.
 */
import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { FILE_LIMIT_SETUP } from "../limits/files.js";
import type { Launch } from "./launch.js";
import type { ProcessSpec } from "./sandbox.js";
import { quoteAll } from "./shell.js";

export interface KeeperEvents {
  ready(): void;
  started(token: number, innerPid: number): void;
  ended(token: number, status: number): void;
  /** The shell is gone and with it all that ran in the sandbox. `diagnostics` is what it said. */
  closed(diagnostics: string): void;
}

/** Enough for the words of a failing mount. */
const MAX_DIAGNOSTICS_CHARS = 4096;
/** The keeper sees nothing of the supervisor's environment, where credentials may be. */
const KEEPER_ENV = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

export class Keeper {
  /** Standard output and error of the processes, not of the shell. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Both of the extensions. */
  readonly extensionOutput: Readable;
  readonly #events: KeeperEvents;
  readonly #child: ChildProcess;
  readonly #orders: Writable;
  readonly #input: Writable | undefined;
  readonly #dropPrivileges: readonly string[];
  readonly #env: string;
  readonly #kills = new Map<number, () => void>();
  #killCount = 0;
  #diagnostics = "";
  #pending = "";
  #closed = false;

  /** With `holdsInput` one process may have its standard input later. */
  constructor(launch: Launch, env: string, holdsInput: boolean, events: KeeperEvents) {
    this.#events = events;
    this.#dropPrivileges = launch.dropPrivileges;
    this.#env = env;
    const [program = "", ...args] = launch.command;
    // 0 orders, 1 nothing, 2 the shell's own complaints, 3 reports, 4 and 5 output of the runtime, 6 of the extensions,
    // 7 what a runtime awaits.
    const child = spawn(program, args, {
      stdio: ["pipe", "ignore", "pipe", "pipe", "pipe", "pipe", "pipe", ...(holdsInput ? (["pipe"] as const) : [])],
      env: KEEPER_ENV,
      cwd: "/",
    });
    this.#child = child;
    const [orders, , complaints, reports, stdout, stderr, extensionOutput, input] = child.stdio as unknown as [
      Writable,
      null,
      Readable,
      Readable,
      Readable,
      Readable,
      Readable,
      Writable | undefined,
    ];
    this.#orders = orders;
    this.#input = input;
    input?.on("error", () => undefined); // the process has gone: its end tells
    this.stdout = stdout;
    this.stderr = stderr;
    this.extensionOutput = extensionOutput;
    orders.on("error", () => undefined); // the shell has gone: `exit` tells
    complaints.setEncoding("utf8").on("data", (text: string) => {
      this.#diagnostics = (this.#diagnostics + text).slice(-MAX_DIAGNOSTICS_CHARS);
    });
    reports.setEncoding("latin1").on("data", (text: string) => this.#read(text));
    child.once("error", (error) => {
      this.#diagnostics += error.message;
      this.#close();
    });
    // Not `close`: that waits for the output, whose reader may take its time.
    child.once("exit", () => setImmediate(() => this.#close()));
    this.#order(`umask 022; ulimit -c 0; ${FILE_LIMIT_SETUP}; { ${launch.setup}; } && echo ready >&3 || exit 70`);
  }

  /** Process id on the host of the program that opened the namespaces. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Two shells stand between: the outer reports the end, the inner becomes the process. `env -i` because a variable may
   * have a name that a shell keeps for itself (UID, PPID).
   */
  start(token: number, process: ProcessSpec): void {
    const variables = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
    const words = quoteAll([this.#env, "-i", ...variables, ...this.#dropPrivileges, ...process.command]);
    const input = process.awaitsVariables === true ? "<&7" : "</dev/null";
    const output = process.isExtension === true ? ">&6 2>&6" : ">&4 2>&5";
    this.#order(
      `{ ${words} ${input} ${output} 3>&- 4>&- 5>&- 6>&- 7>&- & echo start ${token} $! >&3; wait $!; echo exit ${token} $? >&3; } &`,
    );
  }

  /** To the process that awaits it; with it comes the end of its standard input. */
  give(text: string): void {
    this.#input?.end(text);
  }

  terminate(innerPid: number): void {
    this.#order(`kill -TERM ${innerPid} 2>/dev/null`);
  }

  /** Counts ended orphans, whose parent the shell has become. */
  reap(): void {
    this.#order("(:)");
  }

  /**
   * Kills all but the shell itself. `kill -1` reaches every process of the namespace in one pass, those that detached
   * too; a subshell makes the shell count the dead, so that none is left, not even as a zombie, when it answers.
   */
  killAll(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const token = ++this.#killCount;
    this.#order(`kill -KILL -1 2>/dev/null; while kill -0 -1 2>/dev/null; do (:); done; echo killed ${token} >&3`);
    return new Promise((resolve) => this.#kills.set(token, resolve));
  }

  /** End of file on the orders: the shell leaves. */
  dismiss(): void {
    this.#orders.end();
  }

  killHard(): void {
    this.#child.kill("SIGKILL");
  }

  #order(line: string): void {
    if (!this.#closed) this.#orders.write(`${line}\n`);
  }

  #read(text: string): void {
    const lines = (this.#pending + text).split("\n");
    this.#pending = lines.pop() ?? "";
    for (const line of lines) {
      const [word, token, value] = line.split(" ");
      if (word === "ready") this.#events.ready();
      else if (word === "start") this.#events.started(Number(token), Number(value));
      else if (word === "exit") this.#events.ended(Number(token), Number(value));
      else if (word === "killed") this.#settleKills(Number(token));
    }
  }

  #settleKills(upTo: number): void {
    for (const [token, resolve] of this.#kills) {
      if (token > upTo) continue;
      this.#kills.delete(token);
      resolve();
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#settleKills(this.#killCount);
    this.#events.closed(this.#diagnostics.trim());
  }
}
