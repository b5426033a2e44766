/** `lambda-run purge`: empties a queue. */
import { EXIT } from "../../shared/errors.js";
import type { Action } from "../action.js";
import { withQueues } from "../queue-command.js";

export const purgeCommand: Action = async ([name = ""], options) => {
  const summary = await withQueues(options, async ({ find, client, inspector }) => {
    const { PurgeQueueCommand } = await import("@aws-sdk/client-sqs");
    const { name: queue, url, visible, inFlight, delayed } = await find(name);
    await (await client()).send(new PurgeQueueCommand({ QueueUrl: url }));
    return { queue, deleted: visible + inFlight + delayed, ...(inspector.remote ? { approximate: true } : {}) };
  });
  process.stdout.write(
    options["json"] === true
      ? `${JSON.stringify(summary)}\n`
      : `${summary.queue}: ${"approximate" in summary ? "about " : ""}${summary.deleted} messages deleted\n`,
  );
  return EXIT.ok;
};
