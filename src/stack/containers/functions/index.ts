/**
 * START HERE for functions that are container images: builds or finds their images and makes the rooms they run in. Loaded
 * when the first one is to run; nothing of it stays behind when the stack closes or is killed.
 */
import { randomUUID } from "node:crypto";
import type { CodeSource, FunctionConfig } from "../../../config/function-config.js";
import type { ResolvedConfig } from "../../../config/schema.js";
import { shownName } from "../../../config/shown-name.js";
import type { ImageRunner, PreparedImage } from "../../../runtime/images.js";
import { AppError } from "../../../shared/errors.js";
import { call, type EngineTarget } from "../engine.js";
import { ensureImage } from "../image.js";
import { PROJECT_LABEL, SESSION_LABEL } from "../labels.js";
import { removeWith } from "../remove.js";
import { readyEngine } from "../ready-engine.js";
import { startSweeper } from "../sweeper.js";
import { buildImage } from "./build-image.js";
import { ContainerSandbox } from "./container-sandbox.js";
import { pauseImage } from "./holder.js";
import { extensionsOf } from "./image-extensions.js";
import { functionNetwork, type FunctionNetwork } from "./network.js";

export interface ImageRoomsOptions {
  readonly projectRoot: string;
  readonly reaper: ResolvedConfig["containers"]["reaper"];
  /** Of what functions may be told to call on this machine, beside the services. */
  readonly ports: readonly number[];
  readonly notice: (text: string) => void;
}

export interface ImageRooms extends ImageRunner {
  /** Removes what is left; environments remove their containers themselves. */
  close(): Promise<void>;
}

type ImageSource = Extract<CodeSource, { kind: "image" }>;

/** Throws LR5009 when there is no engine that image functions can run on. */
export async function openImageRooms({ projectRoot, reaper, ports, notice }: ImageRoomsOptions): Promise<ImageRooms> {
  const { target } = await readyEngine({
    what: "Image functions need a Docker engine, and there is none to use",
    instead: "Functions with Runtime, Handler and CodeUri need none.",
  });
  const network = await functionNetwork(target);
  const holderImage = await pauseImage(target, network.architecture);
  const session = randomUUID();
  const sweeper = reaper === "off" ? undefined : startSweeper(target, `${SESSION_LABEL}=${session}`);
  const labels = { "lambda-run": "true", [SESSION_LABEL]: session, [PROJECT_LABEL]: projectRoot };
  return {
    async prepare(config) {
      const { code } = config;
      if (code.kind !== "image") throw new Error(`${config.name} is no image`);
      const image = await inspect(target, await imageOf(target, config, code, network, notice));
      const extensions = await extensionsOf(target, image.Id, labels);
      return prepared(image, config, code, extensions, (spec) => {
        const shape = { image: image.Id, workingDirectory: code.workingDirectory, labels };
        return new ContainerSandbox({
          target,
          shape,
          spec,
          name: `lambda-run-${config.name.replaceAll(/[^\w.-]/g, "-")}-${spec.id.slice(0, 8)}`,
          functionName: config.name,
          pauseImage: holderImage,
          network,
          ownNetwork: !network.sharesLoopback || extensions.length > 0,
          ports,
        });
      });
    },
    async close() {
      await removeWith(target, [`${SESSION_LABEL}=${session}`]);
      sweeper?.dismiss();
    },
  };
}

/** Name or id of the image, which is on the engine when this resolves. */
async function imageOf(
  target: EngineTarget,
  config: FunctionConfig,
  { build, uri }: ImageSource,
  network: FunctionNetwork,
  notice: (text: string) => void,
): Promise<string> {
  if (build !== undefined) {
    notice(`building the image of ${shownName(config)}`);
    const architecture = config.architecture === network.architecture ? undefined : config.architecture;
    return buildImage(target, { name: config.name, build, architecture });
  }
  const setting = `ImageUri of ${config.logicalId}`;
  if (!/^[\w.:/@-]+$/.test(uri))
    throw new AppError("LR5010", { what: `"${uri}" is no name of an image`, where: setting });
  const fix = "Log in and pull it by hand (`docker pull`), or name an image that is on this machine.";
  await ensureImage(target, uri, { setting, fix }, notice);
  return uri;
}

interface EngineImage {
  readonly Id: string;
  readonly Architecture?: string;
  readonly Config?: { readonly Entrypoint?: readonly string[] | null; readonly Cmd?: readonly string[] | null };
}

async function inspect(target: EngineTarget, image: string): Promise<EngineImage> {
  const { body } = await call(target, { path: `/images/${image}/json` });
  return JSON.parse(body.toString("utf8")) as EngineImage;
}

/** ImageConfig replaces ENTRYPOINT and CMD one by one. */
function prepared(
  { Architecture = "", Config }: EngineImage,
  config: FunctionConfig,
  { entryPoint, command }: ImageSource,
  extensions: readonly string[],
  createSandbox: PreparedImage["createSandbox"],
): PreparedImage {
  const wanted = config.architecture === "arm64" ? "arm64" : "amd64";
  return {
    command: [...(entryPoint ?? Config?.Entrypoint ?? []), ...(command ?? Config?.Cmd ?? [])],
    notice:
      Architecture === wanted
        ? undefined
        : `its image is made for ${Architecture}, the template says ${config.architecture}: Lambda would not start it`,
    extensions,
    createSandbox,
  };
}
