/**
 * What a function with `ReportBatchItemFailures` says about its batch of messages or records. "Lambda treats a batch as a
 * complete success" and "as a complete failure" in these cases: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */

/** The ids of messages that stay in the queue, or the sequence numbers of records that failed; `all` when the answer cannot be understood. */
export function failedItems(payload: Buffer, ids: ReadonlySet<string>): ReadonlySet<string> | "all" {
  if (payload.length === 0) return NONE;
  let answer: unknown;
  try {
    answer = JSON.parse(payload.toString("utf8"));
  } catch {
    return "all";
  }
  // "An empty or null EventResponse"
  if (answer === null || answer === "") return NONE;
  if (typeof answer !== "object" || Array.isArray(answer)) return "all";
  const list = (answer as Readonly<Record<string, unknown>>)["batchItemFailures"];
  if (list === undefined || list === null) return NONE;
  if (!Array.isArray(list)) return "all";
  const failed = new Set<string>();
  for (const item of list as readonly unknown[]) {
    const named =
      typeof item === "object" && item !== null
        ? (item as Readonly<Record<string, unknown>>)["itemIdentifier"]
        : undefined;
    // Empty, null, another key's name, or an id that was not in the batch.
    if (typeof named !== "string" || !ids.has(named)) return "all";
    failed.add(named);
  }
  return failed;
}

const NONE: ReadonlySet<string> = new Set();
