/** Invokes by the SDK, one call at a time, in a process of its own: what a function or a script does. */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { setTimeout as sleep } from "node:timers/promises";
import { percentile } from "../kit/stats.mjs";
import { serveCalls } from "../kit/rpc.mjs";

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
const clients = new Map();

serveCalls({
  /** Milliseconds of the middle call; `restMs` lie between two. */
  invoke: async ({ endpoint, functionName, payload, calls, restMs = 0 }) => {
    const client = clientOf(endpoint);
    const times = [];
    for (let i = 0; i < calls; i++) {
      if (restMs > 0) await sleep(restMs);
      const start = performance.now();
      const { FunctionError, Payload } = await client.send(
        new InvokeCommand({ FunctionName: functionName, Payload: payload }),
      );
      times.push(performance.now() - start);
      if (FunctionError !== undefined) throw new Error(Buffer.from(Payload).toString());
    }
    return percentile(
      times.sort((a, b) => a - b),
      0.5,
    );
  },
  close: () => {
    for (const client of clients.values()) client.destroy();
  },
});

function clientOf(endpoint) {
  const known = clients.get(endpoint);
  if (known !== undefined) return known;
  const client = new LambdaClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  clients.set(endpoint, client);
  return client;
}
