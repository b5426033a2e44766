/**
 * Tells after a one-shot command which object events would have fired something, and which pipes would have moved
 * something: nothing listens but a running stack.
 */
import type { Application } from "../config/application.js";
// Not from the index, which brings all of S3.
import { eventMatches } from "../services/s3/notification.js";
import { eventNameOf, type ObjectEventKind } from "../sources/s3/event.js";
import { parseArn, parseFunctionArn } from "../shared/arn.js";
import type { Bus } from "../shared/bus.js";

const KINDS: readonly ObjectEventKind[] = ["ObjectCreated", "ObjectRemoved", "ObjectTagged"];

const nameOf = (arn: string): string => parseFunctionArn(arn)?.name ?? parseArn(arn)?.resource.split(":").at(-1) ?? arn;

const ONLY_STACKS = "only a running stack does it (lambda-run start)";

export interface UnfiredEvents {
  /** A line for each bucket and target, and for each pipe whose source has got something. */
  lines(): string[];
  /** What was counted so far were seeds: they fire nothing in a running stack either. */
  forget(): void;
}

/** Counts from now on. */
export function countUnfired(bus: Bus, application: () => Application): UnfiredEvents {
  const counts = new Map<string, number>();
  const waiting = new Set<string>();
  const waits = (sourceArn: string): void => {
    for (const { name, properties } of application().pipes)
      if (properties["Source"] === sourceArn && properties["DesiredState"] !== "STOPPED") waiting.add(name);
  };
  bus.on("MessageVisible", ({ queueArn }) => waits(queueArn));
  bus.on("ItemChanged", ({ streamArn }) => waits(streamArn));
  for (const kind of KINDS)
    bus.on(kind, ({ namespace, bucket, key, action }) => {
      // A second store has nobody who listens.
      if (namespace !== "s3") return;
      const event = `s3:${eventNameOf(kind, action)}`;
      const { buckets, rules } = application();
      const { notifications = [], eventBridge = false } = buckets.find(({ name }) => name === bucket) ?? {};
      const lines = eventBridge && rules.length > 0 ? [`of the bucket ${bucket} for EventBridge`] : [];
      for (const { events, prefix = "", suffix = "", target } of notifications) {
        if (!key.startsWith(prefix) || !key.endsWith(suffix)) continue;
        if (!events.some((pattern) => eventMatches(pattern, event))) continue;
        lines.push(`of the bucket ${bucket} for the ${target.kind} ${nameOf(target.arn)}`);
      }
      for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
    });
  return {
    forget: () => {
      counts.clear();
      waiting.clear();
    },
    lines: () => [
      ...[...counts].map(
        ([line, count]) =>
          `${count} ${count === 1 ? "event" : "events"} ${line} ${count === 1 ? "was" : "were"} not fired: ${ONLY_STACKS}`,
      ),
      ...[...waiting].map((name) => `what waits at the source of the pipe ${name} was not moved: ${ONLY_STACKS}`),
    ],
  };
}
