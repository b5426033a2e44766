/** Code made ready to run: what lies at /var/task, and how its runtime is started. */
import type { FunctionConfig } from "../config/function-config.js";
import { prepareFolder } from "../config/code.js";
import { shownName } from "../config/shown-name.js";
import { AppError } from "../shared/errors.js";
import { buildCode, cachedBuild, type BuiltCode } from "./bundle.js";
import { imagePlan, type ImageRunner, type PreparedImage } from "./images.js";
import { withLayerFolders } from "./layer-folders.js";
import { pythonNotice } from "./python.js";
import { customPlan, nodePlan, pythonPlan, type DebuggerOptions, type LaunchPlan } from "./launch-plans.js";
import { nodeFor } from "./node-versions.js";
import type { Sandbox, SandboxSpec } from "./sandbox/sandbox.js";
import { runtimeProvidedModules, sdkLayer } from "./sdk-layer.js";
import { trusting } from "./trust.js";

export interface PreparedCode {
  readonly taskRoot: string;
  readonly plan: LaunchPlan;
  /** Files that it was made from, for watch mode; empty for folders that are mounted as they are. */
  readonly inputs: readonly string[];
  readonly notice: string | undefined;
  /** The SDK modules that the code imports (`@aws-sdk/client-s3`); empty when that is not known. */
  readonly sdkModules: readonly string[];
  /** What is laid over /opt, all folders. */
  readonly layers: readonly string[];
  /** Where such code runs; absent = the sandbox of this machine. */
  readonly createSandbox?: (spec: SandboxSpec) => Sandbox;
}

/** Builds where needed. Throws the LR3xxx errors of the build. */
export async function prepareCode(
  declared: FunctionConfig,
  cache: string,
  images: () => Promise<ImageRunner>,
  inspect?: DebuggerOptions,
): Promise<PreparedCode> {
  const config = await withLayerFolders(declared, () => cache);
  switch (config.code.kind) {
    case "bundle":
      return fromBuild(config, cachedBuild(config, cache) ?? (await buildCode(config, cache)), cache, inspect);
    case "folder":
      return fromFolder(config, config.code.root, cache, inspect);
    case "image":
      if (inspect !== undefined)
        throw new AppError("LR1004", {
          what: `${shownName(config)} is a container image: no debugger is opened in it`,
          fix: "Leave out --inspect, or open a debugger in the image by its own means.",
        });
      return fromImage(await images().then((runner) => runner.prepare(config)));
  }
}

function fromImage(image: PreparedImage): PreparedCode {
  return {
    taskRoot: "",
    plan: imagePlan(image),
    inputs: [],
    notice: image.notice,
    sdkModules: [],
    layers: [],
    createSandbox: (spec) => image.createSandbox(spec),
  };
}

/** Wraps a finished build, as watch mode makes them. */
export async function fromBuild(
  declared: FunctionConfig,
  built: BuiltCode,
  cache: string,
  inspect?: DebuggerOptions,
): Promise<PreparedCode> {
  const config = await withLayerFolders(declared, () => cache);
  const node = nodeFor(config.runtime);
  const layer = await sdkLayer(built.sdk, cache, node.path, node.version);
  const plan = trusting(nodePlan(config, node, layer, built.externalModules, inspect), config, cache);
  return {
    taskRoot: built.folder,
    plan,
    inputs: built.inputs,
    notice: node.notice,
    sdkModules: built.sdk.map(({ specifier }) => specifier),
    layers: config.layers,
  };
}

async function fromFolder(
  config: FunctionConfig,
  root: string,
  cache: string,
  inspect?: DebuggerOptions,
): Promise<PreparedCode> {
  // Few functions come as archives: the others do not wait for the code that opens them.
  await prepareFolder(config, async (source, folder) => (await import("./unzip.js")).unzip(source, folder));
  if (config.runtime.startsWith("nodejs")) {
    const node = nodeFor(config.runtime);
    const layer = await sdkLayer(runtimeProvidedModules(), cache, node.path, node.version);
    // What such code imports is not known: nothing is run ahead, each module loads at its first use.
    return {
      taskRoot: root,
      plan: trusting(nodePlan(config, node, { ...layer, hasSdk: false }, undefined, inspect), config, cache),
      inputs: [],
      notice: node.notice,
      sdkModules: [],
      layers: config.layers,
    };
  }
  if (config.runtime.startsWith("python"))
    return {
      taskRoot: root,
      plan: trusting(await pythonPlan(config), config, cache),
      inputs: [],
      notice: await pythonNotice(config.runtime),
      sdkModules: [],
      layers: config.layers,
    };
  if (config.runtime.startsWith("provided"))
    return {
      taskRoot: root,
      plan: trusting(customPlan(config, root), config, cache),
      inputs: [],
      notice: undefined,
      sdkModules: [],
      layers: config.layers,
    };
  throw new AppError("LR5004", {
    what: `${config.runtime} is not run by lambda-run`,
    where: shownName(config),
    fix: "Node, Python and provided.al2023 runtimes are; a custom runtime with a bootstrap file runs any language.",
  });
}
