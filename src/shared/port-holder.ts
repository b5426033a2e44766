/**
 * Which process holds a TCP port of this machine, as far as it can be told: on Linux, for processes of the same user.
 * The kernel's table of sockets (proc(5), /proc/net/tcp) has the inode, the descriptors of the process lead to it.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** `process 4711 (node lambda-run.js) in /home/me/orders`. */
export function portHolder(port: number): string | undefined {
  const sockets = new Set(["tcp", "tcp6"].flatMap((table) => listenersOn(port, linesOf(`/proc/net/${table}`))));
  if (sockets.size === 0) return undefined;
  for (const pid of namesIn("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const holds = namesIn(`/proc/${pid}/fd`).some((fd) => sockets.has(targetOf(`/proc/${pid}/fd/${fd}`)));
    if (holds) return `process ${pid} (${programOf(pid)}) in ${targetOf(`/proc/${pid}/cwd`)}`;
  }
  return undefined;
}

const LISTENING = "0A";

/** Columns: sl, local address (hexadecimal), remote address, state, ..., inode as the tenth. */
function listenersOn(port: number, lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTENING && Number.parseInt(local.split(":")[1] ?? "", 16) === port ? [`socket:[${inode}]`] : [];
  });
}

/** Program and script, without the arguments: they may be nobody's business. */
function programOf(pid: string): string {
  const [program = "", script = ""] = (linesOf(`/proc/${pid}/cmdline`)[0] ?? "").split("\0");
  return [program, script.startsWith("-") ? "" : script]
    .filter(Boolean)
    .map((path) => basename(path))
    .join(" ");
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    // Another system, or gone by now.
    return [];
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Another user's process.
    return [];
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}
