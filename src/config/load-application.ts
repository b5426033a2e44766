/**
 * The one way into this room: config file, flags and template in, application out. Loads YAML and the schema only
 * when the cache has no answer.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { AppError } from "../shared/errors.js";
import type { Realm } from "../shared/arn.js";
import type { Application } from "./application.js";
import { cacheFile, readCache, writeCache } from "./application-cache.js";
import { bindEndpoints } from "./endpoints.js";
import type { EndpointResolver } from "./endpoints.js";
import { environmentFault } from "./environment.js";
import type { FunctionConfig } from "./function-config.js";
import type { JsonObject } from "./json.js";
import { namedPorts, type PortName } from "./named-ports.js";
import { didYouMean } from "./nearest.js";
import type { ResolvedConfig } from "./schema.js";

export interface LoadOptions {
  /** Where relative paths start, and where config and template are looked for. */
  readonly folder: string;
  /** Without it: lambda-run.config.* in `folder`, if there is one. */
  readonly configFile?: string;
  /** What the command line sets, in the shape of the config file; see flag-values.ts. */
  readonly flags?: JsonObject;
  /** Names of the flags that were given, as commander keeps them, for messages. */
  readonly flagNames?: readonly string[];
  /** Keeps resolved applications; without it nothing is kept. */
  readonly cacheFolder?: string;
  /** Our own version: another one does not read this one's cache. */
  readonly version?: string;
  /**
   * The account of the user, when services are to be in it: the template is then read for that one. What config and
   * flags say of it is given. Without it the template is read for the account of the config.
   */
  readonly account?: (asked: Partial<Realm>) => Promise<Realm>;
  /** Local addresses; without it the application carries AWS's (see endpoints.ts). */
  readonly endpoints?: EndpointResolver;
}

export interface LoadedApplication {
  readonly application: Application;
  readonly config: ResolvedConfig;
  /** Files that the result was made from, for watch mode. */
  readonly files: readonly string[];
  readonly fromCache: boolean;
  /** Those that flags or the config file name: where one of them is in use, no other will do. */
  readonly fixedPorts: readonly PortName[];
}

const TEMPLATE_FILES = ["template.yaml", "template.yml", "template.json"];

export async function loadApplication(options: LoadOptions): Promise<LoadedApplication> {
  const { cacheFolder, configFile, endpoints, flags = {}, version = "" } = options;
  const folder = resolve(options.folder);
  const kept = cacheFolder === undefined ? undefined : cacheFile(cacheFolder, [folder, configFile ?? null, flags]);
  const found = kept === undefined ? undefined : readCache(kept, version);
  // Whose credentials these are may be another matter each time.
  const cached = found !== undefined && options.account !== undefined && usesAws(found.config) ? undefined : found;
  const loaded = cached
    ? { ...cached, fromCache: true }
    : { ...(await loadFresh(folder, options, kept)), fromCache: false };
  return endpoints ? { ...loaded, application: bindEndpoints(loaded.application, endpoints) } : loaded;
}

async function loadFresh(
  folder: string,
  options: LoadOptions,
  kept: string | undefined,
): Promise<Omit<LoadedApplication, "fromCache">> {
  const { CONFIG_FILES, readConfigFile, resolveConfig } = await import("./load-config.js");
  const { readSamParameters, SAM_CONFIG_FILES } = await import("./sam-config.js");
  const absent: string[] = [];
  const firstThere = (names: readonly string[], folders: Iterable<string> = [folder]): string | undefined =>
    [...folders]
      .flatMap((inside) => names.map((name) => join(inside, name)))
      .find((path) => existsSync(path) || (absent.push(path), false));
  const configPath = options.configFile === undefined ? firstThere(CONFIG_FILES) : resolve(folder, options.configFile);
  const configFile = configPath === undefined ? undefined : await readConfigFile(configPath);
  const flags = options.flags ?? {};
  let config = resolveConfig(configFile, flags, folder, options.flagNames);
  const inAccount = options.account !== undefined && usesAws(config);
  if (options.account !== undefined && inAccount) {
    const realm = await options.account(askedRealm({ ...configFile?.value, ...flags }));
    config = resolveConfig(configFile, { ...flags, ...realm }, folder, options.flagNames);
  }
  const files = [...(configFile?.files ?? [])];
  const templatePath = config.template === undefined ? firstThere(TEMPLATE_FILES) : resolve(folder, config.template);

  let declared = emptyApplication(config);
  if (templatePath !== undefined) {
    const samConfig = firstThere(SAM_CONFIG_FILES, new Set([dirname(templatePath), folder]));
    const samParameters = samConfig === undefined ? undefined : await readSamParameters(samConfig);
    if (samConfig !== undefined) files.push(samConfig);
    const { readTemplate } = await import("./template/read-template.js");
    const result = readTemplate({
      file: templatePath,
      realm: { region: config.region, accountId: config.accountId },
      stackName: config.stackName,
      parameterOverrides: config.parameterOverrides,
      ...(samParameters === undefined ? {} : { samParameters }),
      importValues: config.importValues,
      generatedFolder: resolve(folder, config.state, "code"),
    });
    declared = result.application;
    files.push(...result.files);
    absent.push(...result.absent);
  }
  const application = { ...declared, functions: overridden(declared.functions, config) };
  const fixedPorts = namedPorts(configFile?.value, flags);
  if (kept !== undefined && !inAccount && options.cacheFolder !== undefined && configFile?.stable !== false) {
    writeCache(kept, options.cacheFolder, options.version ?? "", { application, config, fixedPorts }, files, absent);
  }
  return { application, config, files, fixedPorts };
}

/** What config and flags say themselves of account and region, without the defaults. */
const askedRealm = ({ region, accountId }: JsonObject): Partial<Realm> => ({
  ...(typeof region === "string" ? { region } : {}),
  ...(typeof accountId === "string" ? { accountId } : {}),
});

/** Whether something of it is in the user's AWS account. */
export const usesAws = ({ backend, backends }: ResolvedConfig): boolean =>
  backend === "aws" || Object.values(backends).includes("aws");

const emptyApplication = (config: ResolvedConfig): Application => ({
  sourceFile: undefined,
  stackName: config.stackName,
  realm: { region: config.region, accountId: config.accountId },
  functions: [],
  buckets: [],
  queues: [],
  tables: [],
  secrets: [],
  parameters: [],
  topics: [],
  eventBuses: [],
  rules: [],
  schedules: [],
  scheduleGroups: [],
  alarms: [],
  logGroups: [],
  logSubscriptions: [],
  stateMachines: [],
  activities: [],
  layers: [],
  apis: [],
  eventSources: [],
  outputs: {},
  skipped: [],
  notices: [],
  placeholders: [],
});

/** The template's functions with the local settings laid over them. */
function overridden(functions: readonly FunctionConfig[], config: ResolvedConfig): FunctionConfig[] {
  const names = functions.flatMap((fn) => [fn.logicalId, fn.name]);
  for (const name of Object.keys(config.functions)) {
    if (names.includes(name)) continue;
    const fix =
      names.length === 0
        ? "Declare it in the template."
        : `Use one of: ${functions.map((fn) => fn.logicalId).join(", ")}.`;
    throw new AppError("LR2005", {
      what: `There is no function "${name}".${didYouMean(name, names)}`,
      where: `functions.${name}`,
      fix,
    });
  }
  return functions.map((fn) => {
    const own = config.functions[fn.logicalId] ?? config.functions[fn.name];
    const added = { ...config.environment, ...own?.environment };
    if (own === undefined && Object.keys(added).length === 0) return fn;
    const environment = { ...fn.environment, ...added };
    const fault = environmentFault(environment);
    if (fault)
      throw new AppError("LR2005", {
        what: `The environment of ${fn.logicalId} is refused`,
        where: `environment or functions.${fn.logicalId}.environment`,
        why: fault.message,
      });
    return {
      ...fn,
      environment,
      timeoutSeconds: own?.timeoutSeconds ?? fn.timeoutSeconds,
      memoryMb: own?.memoryMb ?? fn.memoryMb,
    };
  });
}
