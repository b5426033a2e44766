/**
 * Conditional reads, writes and copies.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html; order of evaluation: RFC 9110 13.2.2
 */
import { AwsError } from "../kit/aws-error.js";
import { conditionalRequestConflict, headerNotImplemented, noSuchKey, preconditionFailed } from "./errors.js";
import type { S3Request } from "./request.js";
import { httpTime, quoted } from "./respond.js";
import type { ObjectRow } from "./rows.js";

type Subject = Pick<ObjectRow, "eTag" | "modifiedMs">;

/** Throws 412, or 304 which carries the ETag as RFC 9110 wants. */
export function checkReadConditions(request: S3Request, row: Subject, nowMs: number): void {
  const outcome = evaluate(row, nowMs, {
    match: request.header("if-match"),
    noneMatch: request.header("if-none-match"),
    modifiedSince: request.header("if-modified-since"),
    unmodifiedSince: request.header("if-unmodified-since"),
  });
  if (outcome === undefined) return;
  if (outcome === "If-Match" || outcome === "If-Unmodified-Since") throw preconditionFailed(outcome);
  throw new AwsError("NotModified", "Not Modified", {
    statusCode: 304,
    headers: { ETag: quoted(row.eTag), "Last-Modified": httpTime(row.modifiedMs) },
  });
}

/** Throws 412 naming the header of the copy source that failed. */
export function checkCopyConditions(request: S3Request, source: Subject, nowMs: number): void {
  const outcome = evaluate(source, nowMs, {
    match: request.header("x-amz-copy-source-if-match"),
    noneMatch: request.header("x-amz-copy-source-if-none-match"),
    modifiedSince: request.header("x-amz-copy-source-if-modified-since"),
    unmodifiedSince: request.header("x-amz-copy-source-if-unmodified-since"),
  });
  if (outcome !== undefined) throw preconditionFailed(`x-amz-copy-source-${outcome}`);
}

interface Conditions {
  readonly match: string | undefined;
  readonly noneMatch: string | undefined;
  readonly modifiedSince: string | undefined;
  readonly unmodifiedSince: string | undefined;
}

/** The name of the condition that failed. */
function evaluate(row: Subject, nowMs: number, conditions: Conditions): string | undefined {
  const { match, noneMatch } = conditions;
  // Dates of HTTP have no milliseconds.
  const modifiedMs = Math.floor(row.modifiedMs / 1000) * 1000;
  if (match !== undefined) {
    if (!eTagMatches(match, row.eTag)) return "If-Match";
  } else {
    const since = parseTime(conditions.unmodifiedSince);
    if (since !== undefined && modifiedMs > since) return "If-Unmodified-Since";
  }
  if (noneMatch !== undefined) return eTagMatches(noneMatch, row.eTag) ? "If-None-Match" : undefined;
  const since = parseTime(conditions.modifiedSince);
  // A date in the future is no date to compare with.
  return since !== undefined && since <= nowMs && modifiedMs <= since ? "If-Modified-Since" : undefined;
}

export function eTagMatches(header: string, eTag: string): boolean {
  return header.split(",").some((item) => {
    const wanted = item
      .trim()
      .replace(/^W\//, "")
      .replace(/^"(.*)"$/, "$1");
    return wanted === "*" || wanted === eTag;
  });
}

export function parseTime(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** What a write demands of the object that is there. */
export type WriteCondition =
  | { readonly kind: "none" }
  | { readonly kind: "absent" }
  | { readonly kind: "eTag"; readonly eTag: string };

/** Only `If-None-Match: *` and `If-Match` with an ETag are accepted on writes. */
export function readWriteCondition(request: S3Request): WriteCondition {
  const noneMatch = request.header("if-none-match");
  const match = request.header("if-match");
  if (noneMatch !== undefined && match !== undefined) {
    throw headerNotImplemented("If-Match,If-None-Match", "Multiple conditional request headers present in the request");
  }
  if (noneMatch !== undefined) {
    if (noneMatch.trim() !== "*") {
      throw headerNotImplemented(
        "If-None-Match",
        "We don't accept the provided value of If-None-Match header for this API",
      );
    }
    return { kind: "absent" };
  }
  if (match === undefined) return { kind: "none" };
  if (match.trim() === "*") {
    throw headerNotImplemented("If-Match", "We don't accept the provided value of If-Match header for this API");
  }
  return { kind: "eTag", eTag: match };
}

/** Throws when `existing`, the current object, is not what the write demands. */
export function checkWriteCondition(condition: WriteCondition, existing: Subject | undefined, key: string): void {
  if (condition.kind === "absent" && existing !== undefined) throw preconditionFailed("If-None-Match");
  if (condition.kind === "eTag") {
    if (existing === undefined) throw noSuchKey(key);
    if (!eTagMatches(condition.eTag, existing.eTag)) throw preconditionFailed("If-Match");
  }
}

/**
 * Remembers the conditional writes under way, so that one whose object is deleted while its body still comes in is
 * told 409 ConditionalRequestConflict and not something that was never true.
 */
export class PendingConditions {
  readonly #pending = new Map<string, Set<{ conflict: boolean }>>();

  /** Register before the body is read; `check` in the transaction, `end` in any case. */
  begin(bucket: string, key: string, condition: WriteCondition): PendingCondition {
    if (condition.kind === "none") return UNCONDITIONAL;
    const id = `${bucket}/${key}`;
    const entry = { conflict: false };
    const entries = this.#pending.get(id) ?? new Set();
    this.#pending.set(id, entries.add(entry));
    return {
      check: (existing) => {
        if (entry.conflict) {
          throw conditionalRequestConflict(condition.kind === "absent" ? "If-None-Match" : "If-Match", key);
        }
        checkWriteCondition(condition, existing(), key);
      },
      end: () => {
        entries.delete(entry);
        if (entries.size === 0 && this.#pending.get(id) === entries) this.#pending.delete(id);
      },
    };
  }

  deleted(bucket: string, key: string): void {
    for (const entry of this.#pending.get(`${bucket}/${key}`) ?? []) entry.conflict = true;
  }
}

export interface PendingCondition {
  /** `existing` is asked for only where there is a condition. */
  check(existing: () => Subject | undefined): void;
  end(): void;
}

export const UNCONDITIONAL: PendingCondition = { check: () => undefined, end: () => undefined };
