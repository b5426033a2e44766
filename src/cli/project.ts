/** What every command starts from: flags, config file and template, resolved. */
import { join } from "node:path";
import { configFromFlags } from "../config/flag-values.js";
import { CONFIG_FLAGS } from "../config/flags.js";
import { loadApplication, type LoadedApplication } from "../config/load-application.js";
import { namedPorts, type PortName } from "../config/named-ports.js";
import { cacheFolder } from "../runtime/cache-folder.js";
import { ownRealm } from "../stack/backends/own-realm.js";
import { VERSION } from "./version.js";

export interface Project extends LoadedApplication {
  readonly folder: string;
  /** Of `fixedPorts`, those that the command line names: a one-shot command need not insist on those of the file. */
  readonly flagPorts: readonly PortName[];
}

/** Reads the project in the current folder. `options` are commander's. */
export function loadProject(options: Readonly<Record<string, unknown>>): Promise<Project> {
  return load(options);
}

/** The same to run something of it: services in the user's AWS account want the template read for that account. */
export function loadProjectToRun(options: Readonly<Record<string, unknown>>): Promise<Project> {
  return load(options, ownRealm);
}

/** What an empty folder lacks; undefined where there is a template. */
export const missingTemplate = ({ application, folder }: Project): string | undefined =>
  application.sourceFile === undefined
    ? `there is no template.yaml in ${folder}, so there are no functions; \`lambda-run init\` writes one`
    : undefined;

async function load(options: Readonly<Record<string, unknown>>, account?: typeof ownRealm): Promise<Project> {
  const folder = process.cwd();
  const configFile = options["config"];
  const flags = configFromFlags(options, CONFIG_FLAGS);
  const loaded = await loadApplication({
    folder,
    flags,
    flagNames: Object.keys(options),
    cacheFolder: join(cacheFolder(folder), "applications"),
    version: VERSION,
    ...(account === undefined ? {} : { account }),
    ...(typeof configFile === "string" ? { configFile } : {}),
  });
  return { ...loaded, folder, flagPorts: namedPorts(flags) };
}
