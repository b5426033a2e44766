/** What the commands on queues share: the stack or its state, a queue by name, a client for what SQS itself can do. */
import type { SQSClient } from "@aws-sdk/client-sqs";
import { didYouMean } from "../config/nearest.js";
import { AppError } from "../shared/errors.js";
import { foreignEndpoints } from "../stack/backends/endpoints.js";
import { queueInspector, type QueueInspector, type QueueState } from "../stack/queue-inspector.js";
import { Stack } from "../stack/stack.js";
import { diagnostics } from "./diagnostics.js";
import { loadProject } from "./project.js";

export interface QueueTools {
  readonly inspector: QueueInspector;
  /** By name or logical id. Throws LR1004. */
  readonly find: (name: string) => Promise<QueueState>;
  readonly client: () => Promise<SQSClient>;
}

/** Works on a running stack through its endpoint, and without one on the state folder. */
export async function withQueues<T>(
  options: Readonly<Record<string, unknown>>,
  work: (tools: QueueTools) => Promise<T>,
): Promise<T> {
  const project = await loadProject(options);
  const elsewhere = foreignEndpoints(project.config).get("sqs");
  if (elsewhere !== undefined) {
    throw new AppError("LR1004", {
      what: "The queues are on another server, and this command looks into embedded queues only",
      where: elsewhere.endpoint,
      why: "SQS has no call that looks at messages without taking them",
      fix: `Ask that server: aws --endpoint-url ${elsewhere.endpoint} sqs list-queues`,
    });
  }
  const stack = await Stack.start({
    log: diagnostics(),
    application: project.application,
    config: project.config,
    projectRoot: project.folder,
    kind: "command",
    onNotice: (line) => process.stderr.write(`note ${line}\n`),
  });
  let client: SQSClient | undefined;
  try {
    const inspector = await queueInspector(stack);
    return await work({
      inspector,
      async find(name) {
        const declared = stack.application.queues.find(({ logicalId }) => logicalId === name)?.name ?? name;
        const queues = await inspector.list();
        const found = queues.find((queue) => queue.name === declared);
        if (found !== undefined) return found;
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
        const { accessKeyId, secretAccessKey } = stack.credentials;
        return (client ??= new SQSClient({
          endpoint: stack.endpoint,
          region: stack.application.realm.region,
          credentials: { accessKeyId, secretAccessKey },
        }));
      },
    });
  } finally {
    client?.destroy();
    await stack.close();
  }
}

/** A whole number of a flag, or the default. Throws LR1005. */
export function countOf(value: unknown, flag: string, byDefault: number, max: number): number {
  const count = Number(value ?? byDefault);
  if (Number.isInteger(count) && count >= 1 && count <= max) return count;
  throw new AppError("LR1005", { what: `${flag} is "${String(value)}"`, fix: `Use a whole number from 1 to ${max}.` });
}
