/** Where a room that was begun ahead waits for the command line: the two are programs of their own, in one process. */
import type { Room } from "../room.js";
import type { SandboxProcess } from "../sandbox/sandbox.js";
import type { AheadNote } from "./note.js";

export interface AheadRoom {
  readonly note: AheadNote;
  readonly room: Room;
  /** Waits for its variables. */
  readonly runtime: SandboxProcess;
}

const PLACE = Symbol.for("lambda-run.ahead");

interface Holder {
  [PLACE]?: AheadRoom | undefined;
}

const holder = globalThis as Holder;

export function leave(room: AheadRoom): void {
  holder[PLACE] = room;
}

/** Once: whoever takes it has to destroy it. */
export function takeAhead(): AheadRoom | undefined {
  const room = holder[PLACE];
  holder[PLACE] = undefined;
  return room;
}

/** Ends the one that nobody has taken. */
export async function closeAhead(): Promise<void> {
  const ahead = takeAhead();
  if (ahead !== undefined) await closeRoom(ahead.room);
}

export async function closeRoom({ sandbox, slot }: Room): Promise<void> {
  await sandbox.destroy();
  slot?.remove();
}
