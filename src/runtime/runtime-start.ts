/** Command and variables of the processes of one environment. */
import { dirname } from "node:path";
import type { EnvironmentOptions } from "./environment-options.js";
import { platformVariables, runtimeVariables } from "./environment-variables.js";
import { wrapped, WRAPPER } from "./launch-plans.js";
import type { Sandbox } from "./sandbox/sandbox.js";

/** What the runtime finds in its environment; extensions see a part of it. */
export function variablesOf(
  options: EnvironmentOptions,
  sandbox: Sandbox,
  place: { readonly runtimeApi: string; readonly logStream: string },
): Record<string, string> {
  const { config, realm, plan } = options;
  const { paths } = sandbox;
  const inputs = { config, realm, ...place, credentials: options.credentials(), endpoints: options.endpoints() };
  if (config.code.kind === "image") return platformVariables(inputs);
  return runtimeVariables({
    ...inputs,
    paths: {
      task: paths.task,
      opt: paths.opt,
      tmp: paths.tmp,
      runtime: paths.resolve(plan.runtimeMount),
      langBin: dirname(paths.resolve(plan.langMount)),
    },
  });
}

/** In an image, and in a custom runtime, the runtime itself looks after a wrapper. */
export function commandOf({ plan, config }: EnvironmentOptions, sandbox: Sandbox): readonly string[] {
  if (!plan.waitsInStandby) return plan.command(sandbox);
  return wrapped(plan.command(sandbox), config.environment[WRAPPER], sandbox);
}

/** Whether the runtime may be started before INIT. A wrapper is the function's own program: it belongs to INIT. */
export function startsInStandby({ plan, config }: EnvironmentOptions): boolean {
  return plan.waitsInStandby && config.environment[WRAPPER] === undefined;
}
