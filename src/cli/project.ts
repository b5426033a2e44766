/** What every command starts from: flags, config file and template, resolved. */
import { join } from "node:path";
import { configFromFlags } from "../config/flag-values.js";
import { CONFIG_FLAGS } from "../config/flags.js";
import { loadApplication, type LoadedApplication } from "../config/load-application.js";
import { cacheFolder } from "../runtime/cache-folder.js";
import { AppError } from "../shared/errors.js";
import { VERSION } from "./version.js";

export interface Project extends LoadedApplication {
  readonly folder: string;
}

/** Reads the project in the current folder. `options` are commander's. */
export async function loadProject(options: Readonly<Record<string, unknown>>): Promise<Project> {
  const folder = process.cwd();
  const configFile = options["config"];
  const loaded = await loadApplication({
    folder,
    flags: configFromFlags(options, CONFIG_FLAGS),
    cacheFolder: join(cacheFolder(folder), "applications"),
    version: VERSION,
    ...(typeof configFile === "string" ? { configFile } : {}),
  });
  refuseOtherBackends(loaded);
  return { ...loaded, folder };
}

/** Silence would be worse: the user would think the data went there. */
function refuseOtherBackends({ config }: LoadedApplication): void {
  const named = Object.entries(config.backends).find(([, backend]) => backend !== "embedded");
  if (config.backend === "embedded" && named === undefined) return;
  throw new AppError("LR2005", {
    what:
      named === undefined
        ? `The backend "${config.backend}" is not there yet`
        : `Another backend for ${named[0]} is not there yet`,
    where: named === undefined ? "backend" : `backends.${named[0]}`,
    why: "this version runs the embedded services only",
    fix: "Leave it out, or give your function the endpoint through --env AWS_ENDPOINT_URL_S3=http://...",
  });
}
