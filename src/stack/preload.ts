/**
 * Services load at their first request. A one-shot command loads those that the function has clients of while the
 * environment starts, when the process has nothing else to do: the function's first request would wait 40 ms for them.
 */
import type { FunctionConfig } from "../config/function-config.js";
import type { RuntimeHost } from "../runtime/host.js";
import type { Gateway } from "../services/gateway.js";

/** SDK clients whose service has another name in the registry. */
const SERVICE_NAMES: Readonly<Record<string, string>> = {
  "secrets-manager": "secretsmanager",
  "cloudwatch-logs": "logs",
  "dynamodb-streams": "dynamodb",
};

const begun = new WeakSet<Gateway>();

/** To be called when the environment's process has been started; does its work once for each gateway. */
export function preload(gateway: Gateway, host: RuntimeHost, fn: FunctionConfig): void {
  if (begun.has(gateway)) return;
  begun.add(gateway);
  void load(gateway, host, fn);
}

async function load(gateway: Gateway, host: RuntimeHost, fn: FunctionConfig): Promise<void> {
  try {
    const { sdkModules } = await host.build(fn);
    for (const module of sdkModules) {
      const client = /^@aws-sdk\/client-(.+)$/.exec(module)?.[1];
      if (client !== undefined) await gateway.service(SERVICE_NAMES[client] ?? client);
    }
  } catch {
    // The request that needs the service fails in the same way, and says so where somebody listens.
  }
}
