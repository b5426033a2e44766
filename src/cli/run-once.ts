/** One event through one function in a stack of its own: what `invoke` and `replay` share. stdout is the payload alone. */
import { setImmediate } from "node:timers/promises";
import type { FunctionConfig } from "../config/function-config.js";
import { noteFile } from "../runtime/ahead/note.js";
import { cacheFolder } from "../runtime/cache-folder.js";
import { EarlyRoom } from "../runtime/early-room.js";
import { RequestTooLarge } from "../runtime/limits/payload.js";
import type { InvokeRequest } from "../runtime/types.js";
import { AppError, EXIT, type ExitCode } from "../shared/errors.js";
import { Debugging } from "../stack/debugging.js";
import type { Stack } from "../stack/stack.js";
import { commandStack } from "./command-stack.js";
import { Interruption } from "./interruption.js";
import type { InspectorOptions } from "./inspect-options.js";
import type { Project } from "./project.js";
import { coloursFor } from "./render/colours.js";
import { adviceFor } from "./render/explain.js";
import { exitCodeOfResult, resultJson } from "./render/result.js";

export interface RunOptions {
  readonly json: boolean;
  readonly inspector?: InspectorOptions | undefined;
}

export async function runOnce(
  project: Project,
  fn: FunctionConfig,
  request: InvokeRequest,
  { json, inspector }: RunOptions,
): Promise<ExitCode> {
  const debugging = new Debugging();
  if (inspector !== undefined) debugging.open(fn, inspector);
  const { config } = project;
  const earlyRoom = EarlyRoom.open(fn, {
    cache: cacheFolder(project.folder),
    faithfulCpu: config.limits.faithfulCpu,
    inspect: inspector,
    noteFile: inspector === undefined ? noteFile(project.folder, process.argv.slice(2)) : undefined,
    ...(config.limits.sandbox === "auto" ? {} : { sandboxTier: config.limits.sandbox }),
  });
  const interruption = new Interruption();
  let stack: Stack | undefined;
  try {
    stack = await Promise.race([startStack(project, debugging, earlyRoom, json), interruption.promise]);
    if (stack === undefined) return EXIT.interrupted;
    // The one with local addresses in it; a file that the template does not know has none.
    const bound = stack.application.functions.find(({ arn }) => arn === fn.arn) ?? fn;
    const stop = new AbortController();
    void interruption.promise.then(() => stop.abort());
    const running = stack.invoke(bound, request, stop.signal);
    const result = await Promise.race([running, interruption.promise]);
    if (result === undefined) {
      // Its execution stops: another process would go on with it.
      if (bound.durable !== undefined) await running.catch(() => undefined);
      return EXIT.interrupted;
    }
    if (json) {
      const tier = fn.code.kind === "image" ? "container" : (await stack.tiers()).root.tier;
      process.stdout.write(`${JSON.stringify({ ...resultJson(result), tier })}\n`);
    } else process.stdout.write(`${result.payload.toString("utf8")}\n`);
    const advice = adviceFor(result, fn);
    if (advice !== undefined) process.stderr.write(`${coloursFor(process.stderr).bold("fix")}   ${advice}\n`);
    return exitCodeOfResult(result);
  } catch (error) {
    if (!(error instanceof RequestTooLarge)) throw error;
    throw new AppError("LR4002", {
      what: error.message,
      where: "--event",
      why: `the event has ${error.sizeBytes} bytes`,
      cause: error,
    });
  } finally {
    interruption.stop();
    debugging.close();
    await earlyRoom?.close();
    await stack?.close();
  }
}

async function startStack(
  project: Project,
  { inspect, paused }: Debugging,
  earlyRoom: EarlyRoom | undefined,
  json: boolean,
): Promise<Stack> {
  // The room goes first: loading the stack keeps this process busy for some milliseconds.
  await setImmediate();
  const { Stack } = await import("../stack/stack.js");
  return Stack.start({ inspect, paused, earlyRoom, ...commandStack(project, json) });
}
