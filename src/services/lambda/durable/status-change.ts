/**
 * "Durable Execution Status Change", as EventBridge gets it.
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html
 */
import { randomUUID } from "node:crypto";
import { messageOf } from "../../../shared/errors.js";
import type { DurableContext } from "./context.js";
import type { ExecutionRow } from "./rows.js";

export function tellStatus({ surroundings, clock, realm, log }: DurableContext, row: ExecutionRow): void {
  const { endMs } = row;
  surroundings
    .putEvent({
      version: "0",
      id: randomUUID(),
      "detail-type": "Durable Execution Status Change",
      source: "aws.lambda",
      account: realm.accountId,
      time: `${new Date(clock.now()).toISOString().slice(0, 19)}Z`,
      region: realm.region,
      resources: [],
      detail: {
        durableExecutionArn: row.arn,
        durableExecutionName: row.name,
        functionArn: row.functionArn,
        status: row.status,
        startTimestamp: new Date(row.startMs).toISOString(),
        ...(endMs === undefined ? {} : { endTimestamp: new Date(endMs).toISOString() }),
      },
    })
    .catch((error: unknown) =>
      log.warn({ arn: row.arn, reason: messageOf(error) }, "the status of a durable execution could not be told"),
    );
}
