/**
 * What the first environment of a one-shot command needs before anything else: its code and its room. Other processes
 * build the room; begun before the services are loaded, it stands when they have said where they listen.
 */
import type { FunctionConfig } from "../config/function-config.js";
import { canBeBegunAhead, RememberedRoom, type RememberedRoomOptions } from "./ahead/remembered-room.js";
import { noImages } from "./images.js";
import type { DebuggerOptions } from "./launch-plans.js";
import { prepareCode, type PreparedCode } from "./prepared-code.js";
import { newRoom, type Room } from "./room.js";
import { probeSandbox } from "./sandbox/probe.js";
import type { SandboxTier } from "./sandbox/sandbox.js";

export interface EarlyRoomOptions {
  /** Folder for builds and SDK layers. */
  readonly cache: string;
  readonly faithfulCpu: boolean;
  readonly sandboxTier?: SandboxTier;
  readonly inspect?: DebuggerOptions | undefined;
  /** Where this command keeps what its next run may begin ahead; absent = it does not. */
  readonly noteFile?: string | undefined;
}

interface Made {
  readonly code: PreparedCode;
  readonly room: Room;
  readonly remembered: RememberedRoom | undefined;
}

export class EarlyRoom {
  readonly #arn: string;
  #code: Promise<PreparedCode> | undefined;
  readonly #made: Promise<Made | undefined>;
  #isTaken = false;

  private constructor({ arn }: FunctionConfig, code: Promise<PreparedCode>, made: Promise<Made>) {
    this.#arn = arn;
    this.#code = code;
    // What fails here fails once more for the environment, which says so; the code's failure is told to who takes it.
    this.#made = made.catch(() => undefined);
  }

  /** Returns at once. Undefined for an image, whose room is a container's. */
  static open(config: FunctionConfig, options: EarlyRoomOptions): EarlyRoom | undefined {
    if (config.code.kind === "image") return undefined;
    const { cache, faithfulCpu, sandboxTier, inspect, noteFile } = options;
    const code = prepareCode(config, cache, noImages, inspect);
    const sandboxes = probeSandbox(sandboxTier === undefined ? {} : { tier: sandboxTier });
    const made = Promise.all([code, sandboxes]).then(async ([prepared, factory]) => {
      const { plan, taskRoot, layers } = prepared;
      const room = { config, plan, layers, taskRoot, faithfulCpu };
      const remembered =
        noteFile === undefined ? undefined : await remember({ ...room, factory, cache, file: noteFile });
      return {
        code: prepared,
        room: remembered?.room ?? newRoom((spec) => factory.create(spec), room),
        remembered,
      };
    });
    return new EarlyRoom(config, code, made);
  }

  /** The code of a function where it is this one's, once: later the files may have been mended. */
  takeCode({ arn }: FunctionConfig): Promise<PreparedCode> | undefined {
    if (arn !== this.#arn) return undefined;
    const code = this.#code;
    this.#code = undefined;
    return code;
  }

  /** The room around this very code, once: whoever takes it has to destroy it. */
  async takeRoom(code: PreparedCode): Promise<Room | undefined> {
    const made = await this.#made;
    if (made?.code !== code || this.#isTaken) return undefined;
    this.#isTaken = true;
    return made.room;
  }

  /** Ends the room that nobody has taken, and notes what the next command may begin ahead. */
  async close(): Promise<void> {
    const made = await this.#made;
    await made?.remembered?.close();
    if (this.#isTaken) return;
    this.#isTaken = true;
    await made?.room.sandbox.destroy();
    made?.room.slot?.remove();
  }
}

const remember = async (options: RememberedRoomOptions): Promise<RememberedRoom | undefined> =>
  canBeBegunAhead(options) ? RememberedRoom.open(options) : undefined;
