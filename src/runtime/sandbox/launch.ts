/** What a tier hands to the keeper: the command that opens the room, and how processes are started in it. */
import { quote } from "./shell.js";

export interface Launch {
  /** Program and arguments of the first process on the host's side; it ends in a POSIX shell that reads standard input. */
  readonly command: readonly string[];
  /** Shell text, run inside first. A failing step leaves with a status that is not 0. */
  readonly setup: string;
  /** Words before every command, so that it runs without privileges. */
  readonly dropPrivileges: readonly string[];
  readonly notes: readonly string[];
}

/** The same, by a process that goes through the doors of a control group first. Where it may not, it stays outside. */
export function through(doors: readonly string[], launch: Launch, sh: string): Launch {
  if (doors.length === 0) return launch;
  const enter = doors.map((door) => `{ echo 0 >${quote(door)}; } 2>/dev/null; `).join("");
  return { ...launch, command: [sh, "-c", `${enter}exec "$@"`, sh, ...launch.command] };
}
