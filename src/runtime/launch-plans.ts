/** How each kind of runtime is started inside a sandbox: our Node client, our Python client, or a `bootstrap` of the user's. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { FunctionConfig } from "../config/function-config.js";
import { DIST_FOLDER } from "../shared/own-package.js";
import { bootstrapFile, placeOf, type BootstrapFile } from "./bootstrap-file.js";
import { whyNotRunnable } from "./executable.js";
import { guestFile, type GuestRoots } from "./guest-files.js";
import type { NodeBinary } from "./node-versions.js";
import { findPython } from "./python.js";
import type { Mount, Sandbox } from "./sandbox/sandbox.js";
import { SDK_FILE, type SdkLayer } from "./sdk-layer.js";

/** How the runtime of a function is started inside a sandbox. */
export interface LaunchPlan {
  /** The runtime's command, with paths as they are inside. */
  command(sandbox: Sandbox): readonly string[];
  /** Variables of ours; the bootstrap removes them before user code runs. */
  ownVariables(sandbox: Sandbox): Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** Guest path of the runtime folder (`/var/runtime`) as a mount, for the portable tier's host path. */
  readonly runtimeMount: Mount;
  readonly langMount: Mount;
  /** Our own Node client waits at a private route until INIT begins; other runtimes are started at INIT. */
  readonly waitsInStandby: boolean;
  /** Our own clients can be started before their variables are known: they wait for them on standard input. */
  readonly awaitsVariables?: boolean;
  /** The standby has run its INIT: what cannot be held just before it is initialised ahead, as AWS may do too. */
  readonly initialisesAhead?: boolean;
  /** Files in the layers' `extensions` folders. */
  readonly extensions: readonly string[];
  /** Why the runtime, or the extension of this name, cannot even be started; looked up at each start. */
  readonly whyUnstartable?: (extension?: string) => string | undefined;
  /** `nodejs:22.v...`, for INIT_START; images have none. */
  readonly runtimeVersion: string | undefined;
}

const BOOTSTRAPS: Mount = { hostPath: join(DIST_FOLDER, "bootstrap"), guestPath: "/var/lang/bootstrap" };

export interface DebuggerOptions {
  readonly port: number;
  /** Stop before the first line of user code. */
  readonly breakAtStart: boolean;
}

export function nodePlan(
  config: FunctionConfig,
  node: NodeBinary,
  layer: SdkLayer,
  externalModules: string | undefined,
  inspect?: DebuggerOptions,
): LaunchPlan {
  const lang: Mount = { hostPath: node.path, guestPath: "/var/lang/bin/node" };
  const runtime: Mount = { hostPath: layer.folder, guestPath: "/var/runtime" };
  const mounts = [lang, BOOTSTRAPS, runtime];
  if (existsSync(join(layer.folder, SDK_FILE))) {
    // NODE_PATH does not count for `import`: on the way up from /var/task an ES module finds this folder.
    mounts.push({ hostPath: join(layer.folder, "node_modules"), guestPath: "/var/node_modules" });
  }
  if (externalModules !== undefined) mounts.push({ hostPath: externalModules, guestPath: "/var/task/node_modules" });
  const flags =
    inspect === undefined ? [] : [`--inspect${inspect.breakAtStart ? "-brk" : ""}=127.0.0.1:${inspect.port}`];
  return {
    command: (sandbox) => {
      const bootstraps = sandbox.paths.resolve(BOOTSTRAPS);
      // Without a mount namespace /tmp is the host's: a hook sends the function's files to a folder of its own.
      const hook = sandbox.tier === "portable" ? ["--require", `${bootstraps}/portable-tmp.js`] : [];
      return [sandbox.paths.resolve(lang), ...memoryFlags(config), ...flags, ...hook, `${bootstraps}/node.js`];
    },
    ownVariables: (sandbox): Record<string, string> => ({
      ...(layer.hasSdk ? { LAMBDA_RUN_SDK: `${sandbox.paths.resolve(runtime)}/${SDK_FILE}` } : {}),
      // With nothing mounted above the code, `import` needs to be told where the SDK is.
      ...(sandbox.tier === "portable" ? { LAMBDA_RUN_SDK_LAYER: layer.folder } : {}),
    }),
    mounts,
    runtimeMount: runtime,
    langMount: lang,
    waitsInStandby: true,
    awaitsVariables: inspect === undefined,
    ...withExtensions(config.layers),
    runtimeVersion: `nodejs:${/\d+/.exec(config.runtime)?.[0] ?? ""}.v${node.version}`,
  };
}

/**
 * What Lambda's own bootstrap gives to `node`: a tenth of the memory is for the young generation (two semi-spaces), the
 * rest for the old one. Without it V8 sizes its heap by the host and collects too late for the function's memory. What
 * the function's NODE_OPTIONS say comes first: on a command line it would come second.
 */
function memoryFlags({ memoryMb, environment }: FunctionConfig): readonly string[] {
  const youngMb = Math.floor(memoryMb / 10);
  const flags = [
    "--expose-gc",
    "--max-http-header-size=81920",
    `--max-semi-space-size=${Math.floor(youngMb / 2)}`,
    `--max-old-space-size=${memoryMb - youngMb}`,
  ];
  // Node takes `_` for `-` and a value after a blank.
  const named = (environment["NODE_OPTIONS"] ?? "").replaceAll("_", "-");
  return flags.filter((flag) => !named.includes(flag.split("=")[0] ?? flag));
}

export async function pythonPlan(config: FunctionConfig): Promise<LaunchPlan> {
  const python = await findPython(config.runtime);
  const lang: Mount = { hostPath: python.prefix, guestPath: "/var/lang" };
  const client: Mount = { hostPath: join(DIST_FOLDER, "bootstrap", "python"), guestPath: "/var/runtime" };
  const insideLang = python.binary.slice(python.prefix.length);
  return {
    // -u: what is printed is out at once; -B: no __pycache__ beside the user's sources, which lie read-only on Lambda.
    command: (sandbox) => [
      `${sandbox.paths.resolve(lang)}${insideLang}`,
      "-u",
      "-B",
      `${sandbox.paths.resolve(client)}/bootstrap.py`,
    ],
    ownVariables: () => ({}),
    mounts: [lang, client],
    runtimeMount: client,
    langMount: { hostPath: python.binary, guestPath: `/var/lang${insideLang}` },
    waitsInStandby: true,
    awaitsVariables: true,
    ...withExtensions(config.layers),
    runtimeVersion: `${config.runtime.replace("python", "python:")}.v${python.version}`,
  };
}

/** Names the program that is started in the runtime's place, with the runtime's command as its arguments. */
export const WRAPPER = "AWS_LAMBDA_EXEC_WRAPPER";

export function wrapped(command: readonly string[], wrapper: string | undefined, sandbox: Sandbox): readonly string[] {
  if (wrapper === undefined || wrapper === "") return command;
  // Wrappers come with layers; in the portable tier these lie elsewhere.
  return [wrapper.startsWith("/opt/") ? sandbox.paths.opt + wrapper.slice("/opt".length) : wrapper, ...command];
}

/** `provided.*`: an executable named bootstrap in the code or in a layer. */
export function customPlan(config: FunctionConfig, taskRoot: string): LaunchPlan {
  const file = (): BootstrapFile | undefined => bootstrapFile({ taskRoot, layers: config.layers });
  const whyUnstartable = (): string | undefined => {
    const found = file();
    return found === undefined
      ? "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"
      : whyNotRunnable(found, found.name);
  };
  const extensions = extensionsIn({ taskRoot, layers: config.layers });
  const runtime: Mount = { hostPath: BOOTSTRAPS.hostPath, guestPath: "/var/runtime" };
  return {
    command: ({ tier, paths }: Sandbox) => {
      const { name, guestPath } = file() ?? { name: "/opt/bootstrap", guestPath: "/opt/bootstrap" };
      // Links lead where they should only where code and layers lie in their own places.
      return [placeOf(tier === "portable" ? guestPath : name, paths)];
    },
    ownVariables: () => ({}),
    mounts: [runtime],
    runtimeMount: runtime,
    langMount: { hostPath: "/usr/bin/env", guestPath: "/var/lang/bin/env" },
    waitsInStandby: false,
    extensions: [...extensions.keys()],
    whyUnstartable: (name) => (name === undefined ? whyUnstartable() : extensions.get(name)?.()),
    runtimeVersion: `${config.runtime.replace(".", ":")}.v1`,
  };
}

/** Where Lambda looks for external extensions. */
const EXTENSIONS = "/opt/extensions";

function withExtensions(layers: readonly string[]): Pick<LaunchPlan, "extensions" | "whyUnstartable"> {
  const extensions = extensionsIn({ taskRoot: undefined, layers });
  return {
    extensions: [...extensions.keys()],
    whyUnstartable: (name) => (name === undefined ? undefined : extensions.get(name)?.()),
  };
}

/**
 * External extensions are the files in the layers' extensions folders, also such as cannot be run; later layers hide
 * earlier ones.
 */
function extensionsIn(roots: GuestRoots): ReadonlyMap<string, () => string | undefined> {
  const names = new Set<string>();
  for (const folder of guestFile(EXTENSIONS, roots)?.hostPaths ?? [])
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (!entry.isDirectory()) names.add(entry.name);
  return new Map(
    [...names].sort().map((name) => {
      const path = `${EXTENSIONS}/${name}`;
      return [name, () => whyNotRunnable(guestFile(path, roots), path)];
    }),
  );
}
