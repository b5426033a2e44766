/** What every command starts from: flags, config file and template, resolved. */
import { existsSync } from "node:fs";
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

/** Other ways to declare functions, each with what makes a template of it. */
const OTHER_DECLARATIONS: readonly { readonly file: string; readonly fix: string }[] = [
  { file: "cdk.json", fix: "run `npx cdk synth`, then pass --template cdk.out/<stack>.template.json" },
  ...["yml", "yaml", "json", "js", "ts"].map((extension) => ({
    file: `serverless.${extension}`,
    fix: "run `npx serverless package`, then pass --template .serverless/cloudformation-template-update-stack.json",
  })),
];

/** What a folder lacks that has no template; undefined where there is one. */
export function missingTemplate({ application, folder }: Project): string | undefined {
  if (application.sourceFile !== undefined) return undefined;
  const other = OTHER_DECLARATIONS.find(({ file }) => existsSync(join(folder, file)));
  const what = `there is no template.yaml in ${folder}, so there are no functions; `;
  return what + (other === undefined ? "`lambda-run init` writes one" : `for its ${other.file}, ${other.fix}`);
}

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
