/**
 * `lambda-run redrive`: sends the messages of a dead-letter queue back to where they came from, by SQS's own
 * StartMessageMoveTask, and waits until it is through.
 */
import type { ListMessageMoveTasksResultEntry, SQSClient } from "@aws-sdk/client-sqs";
import { AppError, EXIT, messageOf } from "../../shared/errors.js";
import type { Action } from "../action.js";
import { countOf, withQueues } from "../queue-command.js";
import { progress } from "../render/progress.js";

/** SQS's own bound. */
const MAX_RATE_PER_SECOND = 500;
const POLL_MS = 100;
/** Another server counts our requests. */
const REMOTE_POLL_MS = 500;

export const redriveCommand: Action = async ([name = ""], options) => {
  const rate = options["rate"] === undefined ? undefined : countOf(options["rate"], "--rate", 1, MAX_RATE_PER_SECOND);
  const summary = await withQueues(options, async ({ find, client, inspector }) => {
    const { arn, name: queue, visible } = await find(name);
    const shown = progress(process.stderr, `redriving ${queue}`, visible);
    const pollMs = inspector.remote ? REMOTE_POLL_MS : POLL_MS;
    const task = await moveAll(await client(), arn, rate, pollMs, (moved) => shown.update(moved, ""));
    shown.finish();
    return {
      queue,
      status: task.Status ?? "UNKNOWN",
      moved: task.ApproximateNumberOfMessagesMoved ?? 0,
      ...(task.FailureReason === undefined ? {} : { reason: task.FailureReason }),
    };
  });
  if (options["json"] === true) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else process.stdout.write(`${summary.queue}: ${summary.moved} messages moved back\n`);
  if (summary.status !== "FAILED") return EXIT.ok;
  throw new AppError("LR1004", {
    what: `The redrive of ${summary.queue} has failed`,
    why: summary.reason ?? "SQS gives no reason",
  });
};

async function moveAll(
  client: SQSClient,
  sourceArn: string,
  rate: number | undefined,
  pollMs: number,
  onMoved: (moved: number) => void,
): Promise<ListMessageMoveTasksResultEntry> {
  const { ListMessageMoveTasksCommand, StartMessageMoveTaskCommand, SQSServiceException } =
    await import("@aws-sdk/client-sqs");
  try {
    await client.send(
      new StartMessageMoveTaskCommand({
        SourceArn: sourceArn,
        ...(rate === undefined ? {} : { MaxNumberOfMessagesPerSecond: rate }),
      }),
    );
  } catch (error) {
    if (!(error instanceof SQSServiceException)) throw error;
    throw new AppError("LR1004", {
      what: "SQS refuses the redrive",
      where: sourceArn,
      why: messageOf(error),
      fix: "Name a queue to which another one sends its dead letters.",
      cause: error,
    });
  }
  for (;;) {
    const { Results = [] } = await client.send(
      new ListMessageMoveTasksCommand({ SourceArn: sourceArn, MaxResults: 1 }),
    );
    const task = Results[0] ?? {};
    onMoved(task.ApproximateNumberOfMessagesMoved ?? 0);
    if (task.Status !== "RUNNING" && task.Status !== "CANCELLING") return task;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
