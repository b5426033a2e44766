/**
 * What outlives a function's container: its /tmp, a tmpfs in an anonymous volume of a container that does nothing. Lambda
 * keeps /tmp over a reset; an engine forgets a tmpfs with the last container that uses it. Removing the holder removes it.
 */
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { Architecture } from "../../../config/function-config.js";
import { AppError } from "../../../shared/errors.js";
import { call, complaintOf, removeContainer, type EngineTarget } from "../engine.js";
import { pauseProgram } from "./pause-program.js";

const IMAGE = "lambda-run/pause";
const IMAGE_VERSION = "1";
/** The least that engines take. */
const MEMORY_BYTES = 6 * 1024 * 1024;

/** The id of the image with the program in it, made once on an engine. */
export async function pauseImage(target: EngineTarget, architecture: Architecture): Promise<string> {
  const name = `${IMAGE}:${IMAGE_VERSION}-${architecture}`;
  const known = await call(target, { path: `/images/${name}/json` });
  if (known.status === 200) return (JSON.parse(known.body.toString("utf8")) as { readonly Id: string }).Id;
  const tar = pack();
  tar.entry({ name: "pause", mode: 0o755 }, pauseProgram(architecture));
  tar.finalize();
  const path = `/images/create?fromSrc=-&repo=${encodeURIComponent(IMAGE)}&tag=${IMAGE_VERSION}-${architecture}`;
  const made = await call(target, { method: "POST", path, tar: Readable.from(tar, { objectMode: false }) });
  if (made.status === 200) return name;
  throw new AppError("LR5005", { what: "The engine does not take an image", where: name, why: complaintOf(made) });
}

export interface HolderOptions {
  readonly target: EngineTarget;
  readonly image: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly sizeMb: number;
}

export class Holder {
  /** The id of the container: others take its /tmp (`VolumesFrom`). */
  readonly created: Promise<string>;
  readonly #options: HolderOptions;
  readonly #started: Promise<number | undefined>;
  #processId: number | undefined;

  constructor(options: HolderOptions) {
    this.#options = options;
    this.created = this.#create();
    // Nobody waits for it: it is there long before the first container of the function ends.
    this.#started = this.created.then((id) => this.#start(id)).catch(() => undefined);
    void this.#started.then((processId) => (this.#processId = processId));
    this.created.catch(() => undefined); // whoever uses it is told
  }

  /** Once it runs, as the engine's machine numbers it. */
  get processId(): number | undefined {
    return this.#processId;
  }

  async isThere(): Promise<boolean> {
    const path = `/containers/${await this.created}/json`;
    return (await call(this.#options.target, { path })).status === 200;
  }

  /** To be called when no container uses what it holds. */
  async remove(): Promise<void> {
    await this.#started;
    const id = await this.created.catch(() => undefined);
    if (id !== undefined) await removeContainer(this.#options.target, id);
  }

  async #create(): Promise<string> {
    const { target, image, name, labels, sizeMb } = this.#options;
    const tmpfs = { type: "tmpfs", device: "tmpfs", o: `size=${sizeMb}m,mode=1777,nosuid,nodev` };
    const json = {
      Image: image,
      Entrypoint: ["/pause"],
      Labels: labels,
      HostConfig: {
        NetworkMode: "host",
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        Memory: MEMORY_BYTES,
        LogConfig: { Type: "none" },
        Mounts: [
          {
            Type: "volume",
            Target: "/tmp",
            VolumeOptions: { NoCopy: true, Labels: labels, DriverConfig: { Name: "local", Options: tmpfs } },
          },
        ],
      },
    };
    const path = `/containers/create?name=${encodeURIComponent(name)}`;
    const made = await call(target, { method: "POST", path, json });
    if (made.status === 201) return (JSON.parse(made.body.toString("utf8")) as { readonly Id: string }).Id;
    throw new AppError("LR5005", { what: "The engine makes no container to hold /tmp", why: complaintOf(made) });
  }

  async #start(id: string): Promise<number | undefined> {
    const { target } = this.#options;
    await call(target, { method: "POST", path: `/containers/${id}/start` });
    const { body } = await call(target, { path: `/containers/${id}/json` });
    return (JSON.parse(body.toString("utf8")) as { readonly State?: { readonly Pid?: number } }).State?.Pid;
  }
}
