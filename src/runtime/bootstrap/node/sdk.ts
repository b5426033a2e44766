/**
 * The AWS SDK as a runtime-provided layer. The managed Node runtimes carry the SDK outside the function's package; here
 * it is one vendor file with a V8 code cache, run ahead while the environment waits in standby. Small stub packages in
 * /var/runtime/node_modules (made by runtime/sdk-layer.ts) hand out its modules, so NODE_PATH, ES modules and child
 * processes resolve it as on Lambda.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { Script } from "node:vm";

/** Under this symbol the stubs find the modules of the vendor file. */
const REGISTRY = Symbol.for("lambda-run.sdk");

type Vendor = Readonly<Record<string, () => unknown>>;

/** Runs the vendor file named by LAMBDA_RUN_SDK and each of its modules; does nothing when there is none. */
export function preloadSdk(environment: NodeJS.ProcessEnv): void {
  const file = environment["LAMBDA_RUN_SDK"];
  if (file === undefined) return;
  // The SDK prints a warning at every start on Node 20; it is about the host's Node, not about the function.
  environment["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";
  const source = readFileSync(file, "utf8");
  let cachedData: Buffer | undefined;
  try {
    cachedData = readFileSync(`${file}.cache`);
  } catch {
    // No cache yet for this Node: compiling takes some 30 ms longer.
  }
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const module = { exports: {} as Vendor };
  (script.runInThisContext() as (...args: unknown[]) => void)(
    module.exports,
    createRequire(file),
    module,
    file,
    dirname(file),
  );
  const modules = module.exports;
  Object.defineProperty(globalThis, REGISTRY, { value: (name: string) => modules[name]?.(), enumerable: false });
  for (const load of Object.values(modules)) warmClients(load());
}

/**
 * Makes each client of a module once and drops it: what the first one has to compile and to look up costs 5 to 10 ms,
 * here in standby and not in INIT. Nothing is sent, and each client reads the environment anew.
 */
export function warmClients(module: unknown): void {
  for (const [name, made] of Object.entries(module as object)) {
    if (!name.endsWith("Client") || typeof made !== "function") continue;
    try {
      new (made as new (options: object) => { destroy?(): void })({
        credentials: { accessKeyId: "x", secretAccessKey: "x" },
      }).destroy?.();
    } catch {
      // Not every export that ends in Client is one that can be made with no input; it is only not warmed.
    }
  }
}
