/** What the commands on queues share: the stack or its state, a queue by name, a client for what SQS itself can do. */
import type { SQSClient } from "@aws-sdk/client-sqs";
import { didYouMean } from "../config/nearest.js";
import { AppError } from "../shared/errors.js";
import { clientOptions, placeOf } from "../stack/backends/endpoints.js";
import { queueInspector, type QueueInspector, type QueueState } from "../stack/queue-inspector.js";
import { Stack } from "../stack/stack.js";
import { lookingStack } from "./command-stack.js";
import { loadProjectToRun } from "./project.js";

export interface QueueTools {
  readonly inspector: QueueInspector;
  /** By name or logical id. Throws LR1004. */
  readonly find: (name: string) => Promise<QueueState>;
  readonly client: () => Promise<SQSClient>;
}

/** Works on a running stack through its endpoint, without one on the state folder, or on the server that has the queues. */
export async function withQueues<T>(
  options: Readonly<Record<string, unknown>>,
  work: (tools: QueueTools) => Promise<T>,
): Promise<T> {
  const project = await loadProjectToRun(options);
  const stack = await Stack.start(lookingStack(project, options));
  let client: SQSClient | undefined;
  try {
    const inspector = await queueInspector(stack);
    return await work({
      inspector,
      async find(name) {
        const declared = stack.application.queues.find(({ logicalId }) => logicalId === name)?.name ?? name;
        const found = await inspector.find(declared);
        if (found !== undefined) return found;
        const queues = await inspector.list();
        throw new AppError("LR1004", {
          what: `There is no queue "${name}".${didYouMean(
            name,
            queues.map((queue) => queue.name),
          )}`,
          fix: "Run `lambda-run queues` to see them all.",
        });
      },
      async client() {
        const { SQSClient } = await import("@aws-sdk/client-sqs");
        return (client ??= new SQSClient(clientOptions(stack.addressOf("sqs"))));
      },
    });
  } catch (error) {
    if (error instanceof AppError || !isRefusal(error)) throw error;
    throw new AppError("LR1004", {
      // A server that does not know a call answers with a page or text of its own.
      what: error instanceof SyntaxError ? "This server does not have that call" : `SQS refuses this: ${error.name}`,
      where: placeOf(stack.addressOf("sqs")),
      why: error.message.split("\n")[0] ?? "",
      fix: "Ask the server by tools of its own.",
      cause: error,
    });
  } finally {
    client?.destroy();
    await stack.close();
  }
}

/** What a service answered. By its form: the SDK may not have been loaded. */
const isRefusal = (error: unknown): error is Error => error instanceof Error && "$metadata" in error;

/** A whole number of a flag, or the default. Throws LR1005. */
export function countOf(value: unknown, flag: string, byDefault: number, max: number): number {
  const count = Number(value ?? byDefault);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  throw new AppError("LR1005", { what: `${flag} is "${String(value)}"`, fix: `Use a whole number from 1 to ${max}.` });
}
