/** How each kind of runtime is started inside a sandbox: our Node client, our Python client, or a `bootstrap` of the user's. */
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { FunctionConfig } from "../config/function-config.js";
import { AppError } from "../shared/errors.js";
import { DIST_FOLDER } from "../shared/own-package.js";
import type { LaunchPlan } from "./environment.js";
import type { NodeBinary } from "./node-versions.js";
import { findPython } from "./python.js";
import type { Mount, Sandbox } from "./sandbox/sandbox.js";
import { SDK_FILE, type SdkLayer } from "./sdk-layer.js";

const BOOTSTRAPS: Mount = { hostPath: join(DIST_FOLDER, "bootstrap"), guestPath: "/var/lang/bootstrap" };

export interface DebuggerOptions {
  readonly port: number;
  /** Stop before the first line of user code. */
  readonly breakAtStart: boolean;
}

export function nodePlan(config: FunctionConfig, node: NodeBinary, layer: SdkLayer, externalModules: string | undefined, inspect?: DebuggerOptions): LaunchPlan {
  const lang: Mount = { hostPath: node.path, guestPath: "/var/lang/bin/node" };
  const runtime: Mount = { hostPath: layer.folder, guestPath: "/var/runtime" };
  const mounts = [lang, BOOTSTRAPS, runtime];
  if (existsSync(join(layer.folder, SDK_FILE))) {
    // NODE_PATH does not count for `import`: on the way up from /var/task an ES module finds this folder.
    mounts.push({ hostPath: join(layer.folder, "node_modules"), guestPath: "/var/node_modules" });
  }
  if (externalModules !== undefined) mounts.push({ hostPath: externalModules, guestPath: "/var/task/node_modules" });
  const flags = inspect === undefined ? [] : [`--inspect${inspect.breakAtStart ? "-brk" : ""}=127.0.0.1:${inspect.port}`];
  return {
    command: (sandbox) => [sandbox.paths.resolve(lang), ...flags, `${sandbox.paths.resolve(BOOTSTRAPS)}/node.js`],
    ownVariables: (sandbox): Record<string, string> => (layer.hasSdk ? { LAMBDA_RUN_SDK: `${sandbox.paths.resolve(runtime)}/${SDK_FILE}` } : {}),
    mounts,
    runtimeMount: runtime,
    langMount: lang,
    waitsInStandby: true,
    extensions: extensionsIn(config.layers),
    runtimeVersion: `nodejs:${/\d+/.exec(config.runtime)?.[0] ?? ""}.v${node.version}`,
  };
}

export async function pythonPlan(config: FunctionConfig): Promise<LaunchPlan> {
  const python = await findPython(config.runtime);
  const lang: Mount = { hostPath: python.prefix, guestPath: "/var/lang" };
  const client: Mount = { hostPath: join(DIST_FOLDER, "bootstrap", "python"), guestPath: "/var/runtime" };
  const insideLang = python.binary.slice(python.prefix.length);
  return {
    command: (sandbox) => [`${sandbox.paths.resolve(lang)}${insideLang}`, `${sandbox.paths.resolve(client)}/bootstrap.py`],
    ownVariables: () => ({}),
    mounts: [lang, client],
    runtimeMount: client,
    langMount: { hostPath: python.binary, guestPath: `/var/lang${insideLang}` },
    waitsInStandby: true,
    extensions: extensionsIn(config.layers),
    runtimeVersion: `${config.runtime.replace("python", "python:")}.v${python.version}`,
  };
}

/** `provided.*`: an executable named bootstrap in the code or in a layer. */
export function customPlan(config: FunctionConfig, taskRoot: string): LaunchPlan {
  const inTask = isExecutable(join(taskRoot, "bootstrap"));
  if (!inTask && !config.layers.some((layer) => isExecutable(join(layer, "bootstrap")))) {
    throw new AppError("LR3002", {
      what: `${config.name} has no executable file named bootstrap`,
      where: taskRoot,
      why: `${config.runtime} starts /var/task/bootstrap or /opt/bootstrap`,
      fix: "Put the program there and make it executable (chmod +x bootstrap).",
    });
  }
  const runtime: Mount = { hostPath: BOOTSTRAPS.hostPath, guestPath: "/var/runtime" };
  return {
    command: (sandbox: Sandbox) => [`${inTask ? sandbox.paths.task : sandbox.paths.opt}/bootstrap`],
    ownVariables: () => ({}),
    mounts: [runtime],
    runtimeMount: runtime,
    langMount: { hostPath: "/usr/bin/env", guestPath: "/var/lang/bin/env" },
    waitsInStandby: false,
    extensions: extensionsIn(config.layers),
    runtimeVersion: `${config.runtime.replace(".", ":")}.v1`,
  };
}

/** External extensions are the executables in the layers' extensions folders; later layers hide earlier ones. */
function extensionsIn(layers: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const layer of layers) {
    const folder = join(layer, "extensions");
    if (!existsSync(folder)) continue;
    for (const entry of readdirSync(folder, { withFileTypes: true })) if (entry.isFile() && isExecutable(join(folder, entry.name))) names.add(entry.name);
  }
  return [...names].sort();
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
