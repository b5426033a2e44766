/**
 * The certificate of this machine that functions trust, where a stack has made one: handlers of WebSocket APIs speak `https` to
 * the address that their event names. It is shown beside the code, and named by the variables that each language goes by.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FunctionConfig } from "../config/function-config.js";
import type { LaunchPlan } from "./launch-plans.js";
import type { Mount } from "./sandbox/sandbox.js";

/** Alone. */
export const CERTIFICATE_FILE = "certificate.pem";
/** After all those that the world trusts: some variables name the whole of it. */
export const BUNDLE_FILE = "bundle.pem";

/** Holds nothing secret. */
export const trustFolder = (cache: string): string => join(cache, "tls", "trust");

export function trusting(plan: LaunchPlan, config: FunctionConfig, cache: string): LaunchPlan {
  const { environment, runtime, trustsThisMachine } = config;
  if (trustsThisMachine !== true) return plan;
  const folder: Mount = { hostPath: trustFolder(cache), guestPath: "/var/trust" };
  if (!existsSync(join(folder.hostPath, BUNDLE_FILE))) return plan;
  return {
    ...plan,
    mounts: [...plan.mounts, folder],
    ownVariables: (sandbox) => {
      const place = sandbox.paths.resolve(folder);
      const named = variablesFor(runtime, `${place}/${CERTIFICATE_FILE}`, `${place}/${BUNDLE_FILE}`);
      // The function's own word counts.
      const free = Object.entries(named).filter(([name]) => environment[name] === undefined);
      return { ...plan.ownVariables(sandbox), ...Object.fromEntries(free) };
    },
  };
}

/** Node reads its variable when the process starts, and the bootstrap then removes it; the others are read when they are needed. */
function variablesFor(runtime: string, certificate: string, bundle: string): Readonly<Record<string, string>> {
  if (runtime.startsWith("nodejs")) return { NODE_EXTRA_CA_CERTS: certificate, LAMBDA_RUN_CERTIFICATE: certificate };
  if (runtime.startsWith("python")) return { AWS_CA_BUNDLE: bundle };
  return { AWS_CA_BUNDLE: bundle, SSL_CERT_FILE: bundle };
}
