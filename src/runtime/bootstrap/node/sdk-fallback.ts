/**
 * Where nothing can be mounted above the code (the portable tier), `import` would not find the SDK layer: NODE_PATH does
 * not count for ES modules. A resolve hook looks there for what the code's own folders do not have.
 */
import { register } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Runs on the loader's own thread, so it is a module of its own. */
const HOOKS = `
let parentURL;
export function initialize(layer) { parentURL = layer; }
export async function resolve(specifier, context, next) {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!/^@(aws-sdk|smithy)\\//.test(specifier)) throw error;
    return next(specifier, { ...context, parentURL });
  }
}
`;

let layer: string | undefined;

/** Remembers the layer while the variables of ours are still there. */
export function noteSdkLayer(environment: NodeJS.ProcessEnv): void {
  layer = environment["LAMBDA_RUN_SDK_LAYER"];
}

/** Before the first `import`; costs a thread, so CommonJS handlers never pay for it. */
export function installSdkFallback(): void {
  if (layer === undefined) return;
  const data = pathToFileURL(join(layer, "index.mjs")).href;
  register(`data:text/javascript,${encodeURIComponent(HOOKS)}`, { data });
  layer = undefined;
}
