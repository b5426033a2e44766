/** The stack of a command that runs one thing and ends: its log and its notes go to stderr. */
import type { StackOptions } from "../stack/stack-options.js";
import { diagnostics } from "./diagnostics.js";
import type { Project } from "./project.js";
import { coloursFor } from "./render/colours.js";
import { logPrinter } from "./render/logs.js";

export function commandStack(project: Project, json: boolean): StackOptions {
  return {
    log: diagnostics({ json }),
    application: project.application,
    config: project.config,
    fixedPorts: project.flagPorts,
    projectRoot: project.folder,
    kind: "command",
    history: true,
    onLog: logPrinter(process.stderr),
    onNotice: (text) => void process.stderr.write(`${coloursFor(process.stderr).yellow("note")} ${text}\n`),
  };
}

/** The stack of a command that looks into the services, on the running stack where there is one: it runs no function. */
export function lookingStack(project: Project, options: Readonly<Record<string, unknown>>): StackOptions {
  return {
    log: diagnostics(options),
    application: project.application,
    config: project.config,
    fixedPorts: project.flagPorts,
    projectRoot: project.folder,
    kind: "command",
    onNotice: (text) => void process.stderr.write(`note ${text}\n`),
  };
}
