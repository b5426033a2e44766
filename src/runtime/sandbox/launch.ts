/** What a tier hands to the keeper: the command that opens the room, and how processes are started in it. */

export interface Launch {
  /** Program and arguments of the first process on the host's side; it ends in a POSIX shell that reads standard input. */
  readonly command: readonly string[];
  /** Shell text, run inside first. A failing step leaves with a status that is not 0. */
  readonly setup: string;
  /** Words before every command, so that it runs without privileges. */
  readonly dropPrivileges: readonly string[];
  readonly notes: readonly string[];
}
