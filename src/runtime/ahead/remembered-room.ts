/** The room of a one-shot command: the one that was begun ahead, where it is what the function needs, else a new one. */
import { WRAPPER } from "../launch-plans.js";
import { newRoom, roomSpec, type Room, type RoomOptions } from "../room.js";
import { GUEST } from "../sandbox/root-plan.js";
import type { Sandbox, SandboxFactory, SandboxProcess, Variables } from "../sandbox/sandbox.js";
import { closeRoom, takeAhead, type AheadRoom } from "./handover.js";
import { fromTheStart, isSame, writeNote, type AheadNote, type RoomSpec } from "./note.js";

export interface RememberedRoomOptions extends RoomOptions {
  readonly factory: SandboxFactory;
  /** Folder for builds; slots are made in it. */
  readonly cache: string;
  /** Where the note is kept. */
  readonly file: string;
}

type Shape = Pick<AheadNote, "tier" | "spec" | "slotCache">;

export class RememberedRoom {
  readonly room: Room;
  readonly #file: string;
  readonly #shape: Shape;
  readonly #ahead: AheadRoom | undefined;
  readonly #dismissed: Promise<void> | undefined;
  #started: Pick<AheadNote, "command" | "variables"> | undefined;

  private constructor(options: RememberedRoomOptions, shape: Shape, begun: AheadRoom | undefined, fits: boolean) {
    const { factory, file } = options;
    this.#file = file;
    this.#shape = shape;
    this.#ahead = fits ? begun : undefined;
    if (!fits && begun !== undefined) this.#dismissed = closeRoom(begun.room);
    const room = this.#ahead?.room ?? newRoom((spec) => factory.create(spec), options);
    this.room = { ...room, startRuntime: (command, env) => this.#start(room.sandbox, command, env) };
  }

  static async open(options: RememberedRoomOptions): Promise<RememberedRoom> {
    const shape = shapeOf(options);
    const begun = takeAhead();
    const fits = begun !== undefined && isSame(shapeIn(begun.note), shape) && (await stands(begun.room, options));
    return new RememberedRoom(options, shape, begun, fits);
  }

  /** Once the work is done: keeps what there is to remember, and waits for the end of what was begun in vain. */
  async close(): Promise<void> {
    const { sandbox } = this.room;
    // What a person has to know of a room is told where it is made.
    if (this.#started !== undefined && sandbox.notes.length === 0) {
      const note: AheadNote = { ...this.#shape, ...this.#started };
      if (!isSame(note, this.#ahead?.note)) writeNote(this.#file, note);
    }
    await this.#dismissed;
  }

  /** The first time it may be there already; after a reset each is a new one. */
  #start(sandbox: Sandbox, command: readonly string[], env: Variables): SandboxProcess {
    const isFirst = this.#started === undefined;
    const started = { command, variables: fromTheStart(env) };
    this.#started ??= started;
    if (isFirst && this.#ahead !== undefined) {
      const { note, runtime } = this.#ahead;
      if (isSame(started, { command: note.command, variables: note.variables })) {
        runtime.giveVariables?.(env);
        return runtime;
      }
      runtime.terminate();
    }
    return sandbox.spawn({ name: "runtime", command, env });
  }
}

/** Whether a room and its runtime may be begun before the function's code is known. */
export function canBeBegunAhead({ config, plan, factory }: RememberedRoomOptions): boolean {
  if (factory.tier === "portable" || plan.awaitsVariables !== true) return false;
  // A wrapper is the function's own program. What is mounted inside the code's folder depends on what lies there.
  const isInside = plan.mounts.some(({ guestPath }) => guestPath.startsWith(`${GUEST.task}/`));
  return config.environment[WRAPPER] === undefined && !isInside;
}

/** With the function's code in it. What keeps a room from being built is found out, and told, with a new one. */
async function stands({ sandbox, slot }: Room, { taskRoot }: RoomOptions): Promise<boolean> {
  try {
    await sandbox.ready;
    slot?.fill(taskRoot);
    return !sandbox.isGone;
  } catch {
    return false;
  }
}

const shapeIn = ({ tier, spec, slotCache }: AheadNote): Shape => ({ tier, spec, slotCache });

function shapeOf(options: RememberedRoomOptions): Shape {
  const { config, cache, factory } = options;
  const spec: RoomSpec = roomSpec(options);
  const slotCache = config.code.kind === "bundle" ? cache : undefined;
  return { tier: factory.tier, spec: slotCache === undefined ? spec : { ...spec, taskRoot: "" }, slotCache };
}
