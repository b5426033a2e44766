/** Makes sure that an image is on the engine, with the progress of the pull for a person who waits. */
import { AppError } from "../../shared/errors.js";
import { call, noAnswer, openCall, type EngineCall, type EngineTarget } from "./engine.js";

/** A registry may be slow to begin; the engine tells of each layer many times a second. */
const PULL_SILENCE_MS = 60_000;

export async function ensureImage(
  target: EngineTarget,
  image: string,
  { setting, fix }: { readonly setting: string; readonly fix: string },
  notice: (text: string) => void,
): Promise<void> {
  const { status } = await call(target, { path: `/images/${image}/json` });
  if (status === 200) return;
  notice(`pulling ${image}, once`);
  // A name without tag would pull every tag there is.
  const named = /:[^/]+$|@/.test(image) ? image : `${image}:latest`;
  const fault = await pull(
    target,
    { method: "POST", path: `/images/create?fromImage=${encodeURIComponent(named)}`, silenceMs: PULL_SILENCE_MS },
    (percent) => notice(`pulling ${image}: ${percent} %`),
  );
  if (fault === undefined) return;
  throw new AppError("LR5010", {
    what: `The image ${image} cannot be had`,
    where: setting,
    ...(fault === "" ? {} : { why: fault }),
    fix,
  });
}

/** What the engine or the registry has against it; undefined when the image is there now. */
async function pull(
  target: EngineTarget,
  options: EngineCall,
  progress: (percent: number) => void,
): Promise<string | undefined> {
  const response = await openCall(target, options).catch((error: unknown) => {
    throw noAnswer(options, error);
  });
  let text = "";
  let fault: string | undefined;
  const layers = new Map<string, { readonly current: number; readonly total: number }>();
  let told = 0;
  try {
    for await (const chunk of response) {
      text += (chunk as Buffer).toString("utf8");
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const step = readStep(line);
        fault = step.error ?? step.message ?? fault;
        const { current, total } = step.progressDetail ?? {};
        if (step.id !== undefined && current !== undefined && total !== undefined)
          layers.set(step.id, { current, total });
      }
      const percent = percentOf([...layers.values()]);
      if (percent >= told + 25) {
        told = percent - (percent % 25);
        progress(told);
      }
    }
  } catch (error) {
    throw noAnswer(options, error);
  }
  fault = readStep(text).message ?? fault;
  return response.statusCode === 200 ? fault : (fault ?? "");
}

interface PullStep {
  readonly id?: string;
  readonly error?: string;
  readonly message?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

function readStep(line: string): PullStep {
  try {
    return JSON.parse(line) as PullStep;
  } catch {
    return {};
  }
}

function percentOf(layers: readonly { readonly current: number; readonly total: number }[]): number {
  const sum = (of: "current" | "total"): number => layers.reduce((all, layer) => all + layer[of], 0);
  return layers.length === 0 ? 0 : Math.floor((100 * sum("current")) / Math.max(1, sum("total")));
}
