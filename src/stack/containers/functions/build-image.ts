/**
 * Builds the image of a function as `sam build` does: by the engine, from the folder that `Metadata` names. Its cache makes
 * a second build of the same files a matter of a second.
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageBuild
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Architecture, ImageBuild } from "../../../config/function-config.js";
import { AppError } from "../../../shared/errors.js";
import { noAnswer, openCall, type EngineTarget } from "../engine.js";
import { packContext } from "./build-context.js";

const SHOWN_LINES = 8;
/** A step of a Dockerfile may work long and print nothing. */
const STEP_SILENCE_MS = 15 * 60_000;

export interface BuildRequest {
  readonly name: string;
  readonly build: ImageBuild;
  /** Set when it is not the engine's own. */
  readonly architecture: Architecture | undefined;
}

/** The id of the image. Throws LR3002 when there is no Dockerfile, LR3004 when the build fails, with its last lines. */
export async function buildImage(target: EngineTarget, { name, build, architecture }: BuildRequest): Promise<string> {
  const { context, dockerfile, tag, args, target: stage } = build;
  const file = join(context, dockerfile);
  if (!existsSync(file))
    throw new AppError("LR3002", {
      what: `The Dockerfile of ${name} is not there`,
      where: file,
      fix: "Check Metadata.DockerContext (relative to the template) and Metadata.Dockerfile (relative to that).",
    });
  const query = new URLSearchParams({
    dockerfile,
    t: tag,
    ...(args === undefined ? {} : { buildargs: JSON.stringify(args) }),
    ...(stage === undefined ? {} : { target: stage }),
    ...(architecture === undefined ? {} : { platform: `linux/${architecture === "arm64" ? "arm64" : "amd64"}` }),
  });
  const options = { method: "POST", path: `/build?${query.toString()}`, silenceMs: STEP_SILENCE_MS } as const;
  const log = new BuildLog();
  const response = await openCall(target, { ...options, tar: packContext(context, dockerfile) }).catch(
    (error: unknown) => {
      throw noAnswer(options, error);
    },
  );
  response.setEncoding("utf8");
  for await (const text of response) log.add(text as string);
  const { id, fault, lines } = log.end();
  if (response.statusCode === 200 && fault === undefined && id !== undefined) return id;
  throw new AppError("LR3004", {
    what: `The image of ${name} cannot be built`,
    where: file,
    why: fault ?? `the engine answers ${response.statusCode ?? 0}`,
    ...(lines.length === 0 ? {} : { codeFrame: lines.map((line) => `  ${line}`).join("\n") }),
  });
}

interface BuildStep {
  readonly stream?: string;
  readonly error?: string;
  readonly message?: string;
  readonly aux?: { readonly ID?: string };
}

/** What is no JSON, as of a proxy before the engine, is shown as it is. */
function stepOf(line: string): BuildStep {
  try {
    return JSON.parse(line) as BuildStep;
  } catch {
    return { stream: `${line}\n` };
  }
}

/** What the engine says of a build: one JSON object a line. */
class BuildLog {
  #rest = "";
  #text = "";
  #id: string | undefined;
  #fault: string | undefined;

  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#read(line);
  }

  end(): { readonly id: string | undefined; readonly fault: string | undefined; readonly lines: readonly string[] } {
    this.#read(this.#rest);
    const lines = this.#text.split("\n").filter((line) => line.trim() !== "");
    return { id: this.#id, fault: this.#fault, lines: lines.slice(-SHOWN_LINES) };
  }

  #read(line: string): void {
    if (line.trim() === "") return;
    const { stream, error, message, aux } = stepOf(line);
    this.#text += stream ?? "";
    this.#id = aux?.ID ?? this.#id;
    this.#fault = error ?? message ?? this.#fault;
  }
}
