/**
 * What outlives a function's container: its /tmp, a tmpfs in an anonymous volume of a container that does nothing. Lambda
 * keeps /tmp over a reset; an engine forgets a tmpfs with the last container that uses it. Removing the holder removes it.
 * Where an environment has a network of its own, that is the holder's, too.
 */
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { Architecture } from "../../../config/function-config.js";
import { AppError } from "../../../shared/errors.js";
import { call, complaintOf, removeContainer, type EngineTarget } from "../engine.js";
import { OWN_NETWORK_HOSTS, type BridgeAddresses } from "./network.js";
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
  /** Whether it has a network that others join, or this machine's. */
  readonly ownNetwork: boolean;
}

interface ContainerInspection {
  readonly State?: { readonly Pid?: number };
  readonly NetworkSettings?: {
    readonly Networks?: Readonly<Record<string, { readonly Gateway?: string; readonly IPAddress?: string }>>;
  };
}

export class Holder {
  /** The id of the container: others take its /tmp (`VolumesFrom`). */
  readonly created: Promise<string>;
  /** Where it stands on the bridge, with a network of its own. */
  readonly addresses: Promise<BridgeAddresses>;
  readonly #options: HolderOptions;
  readonly #started: Promise<ContainerInspection>;
  #processId: number | undefined;

  constructor(options: HolderOptions) {
    this.#options = options;
    this.created = this.#create();
    // For /tmp alone nobody waits for it: it runs long before the first container of the function ends.
    this.#started = this.created.then((id) => this.#start(id));
    this.addresses = this.#started.then(({ NetworkSettings }) => {
      const { Gateway: gateway = "", IPAddress: container = "" } =
        Object.values(NetworkSettings?.Networks ?? {})[0] ?? {};
      return { gateway, container };
    });
    this.#started.then(({ State }) => (this.#processId = State?.Pid)).catch(() => undefined);
    for (const promise of [this.created, this.addresses]) promise.catch(() => undefined); // whoever uses it is told
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
    await this.#started.catch(() => undefined);
    const id = await this.created.catch(() => undefined);
    if (id !== undefined) await removeContainer(this.#options.target, id);
  }

  async #create(): Promise<string> {
    const { target, image, name, labels, sizeMb, ownNetwork } = this.#options;
    const tmpfs = { type: "tmpfs", device: "tmpfs", o: `size=${sizeMb}m,mode=1777,nosuid,nodev` };
    const json = {
      Image: image,
      Entrypoint: ["/pause"],
      Labels: labels,
      HostConfig: {
        ...(ownNetwork ? { NetworkMode: "bridge", ExtraHosts: OWN_NETWORK_HOSTS } : { NetworkMode: "host" }),
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

  async #start(id: string): Promise<ContainerInspection> {
    const { target } = this.#options;
    const started = await call(target, { method: "POST", path: `/containers/${id}/start` });
    if (started.status !== 204)
      throw new AppError("LR5005", { what: "The engine does not start a container", why: complaintOf(started) });
    const { body } = await call(target, { path: `/containers/${id}/json` });
    return JSON.parse(body.toString("utf8")) as ContainerInspection;
  }
}
