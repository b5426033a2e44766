/** `lambda-run invoke`: one event through one function. stdout is the payload alone; logs and REPORT go to stderr. */
import { findFunction } from "../../config/find-function.js";
import { functionFromFile, looksLikeFile } from "../../config/function-file.js";
import type { FunctionConfig } from "../../config/function-config.js";
import { RequestTooLarge } from "../../runtime/limits/payload.js";
import { LAMBDA } from "../../shared/aws-limits.js";
import { AppError } from "../../shared/errors.js";
import { Stack } from "../../stack/stack.js";
import { readEvent } from "../event-input.js";
import type { Action } from "../action.js";
import { loadProject, type Project } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { adviceFor } from "../render/explain.js";
import { exitCodeOfResult, resultJson } from "../render/result.js";
import { logPrinter } from "../render/logs.js";

export const invokeCommand: Action = async ([name = ""], options) => {
  const project = await loadProject(options);
  const fn = chooseFunction(name, project);
  const payload = await readEvent(options, project.folder);
  const json = options["json"] === true;
  const notice = (text: string): void =>
    void process.stderr.write(`${coloursFor(process.stderr).yellow("note")} ${text}\n`);
  const clientContext = readClientContext(options["clientContext"]);
  const stack = await Stack.start({
    application: project.application,
    config: project.config,
    projectRoot: project.folder,
    kind: "command",
    history: true,
    onLog: logPrinter(process.stderr),
    onNotice: notice,
    ...inspectOptions(options),
  });
  try {
    const result = await stack.invoke(fn, { payload, ...(clientContext === undefined ? {} : { clientContext }) });
    if (json)
      process.stdout.write(`${JSON.stringify({ ...resultJson(result), tier: (await stack.tiers()).root.tier })}\n`);
    else process.stdout.write(`${result.payload.toString("utf8")}\n`);
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
    await stack.close();
  }
};

/** A path runs any file; everything else is a name of the template. */
export function chooseFunction(name: string, { application, folder }: Project): FunctionConfig {
  return looksLikeFile(name) ? functionFromFile(name, folder, application.realm) : findFunction(application, name);
}

function readClientContext(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  try {
    JSON.parse(text);
  } catch (error) {
    throw new AppError("LR1004", {
      what: "--client-context is not valid JSON",
      why: String(error),
      fix: `Pass an object such as '{"custom": {}}'.`,
      cause: error,
    });
  }
  const base64 = Buffer.from(text).toString("base64");
  if (base64.length > LAMBDA.clientContextBytes) {
    throw new AppError("LR1005", {
      what: `--client-context is ${base64.length} bytes in base64; Lambda takes ${LAMBDA.clientContextBytes}`,
    });
  }
  return base64;
}

const DEFAULT_INSPECTOR_PORT = 9229;

function inspectOptions(options: Readonly<Record<string, unknown>>): {
  inspect?: () => { port: number; breakAtStart: boolean };
} {
  const given = options["inspectBrk"] ?? options["inspect"];
  if (given !== true && typeof given !== "string") return {};
  const port = given === true ? DEFAULT_INSPECTOR_PORT : Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new AppError("LR1005", { what: `"${given}" is no port`, fix: "Use a number from 1 to 65535." });
  const inspector = { port, breakAtStart: options["inspectBrk"] !== undefined };
  return { inspect: () => inspector };
}
