/** Checkpoint tokens and callback ids: opaque to callers, base64 as the API model wants them. */
import { randomUUID } from "node:crypto";
import type { ExecutionRow } from "./rows.js";

const NONE = "";

/** Of the invocation under way; each checkpoint makes the next one. Empty when none is. */
export function tokenOf({ id, invocation }: Pick<ExecutionRow, "id" | "invocation">): string {
  if (invocation === undefined) return NONE;
  return encode([id, invocation.id, invocation.sequence]);
}

/** The execution that a token belongs to; undefined when it is no token. */
export function executionOfToken(token: string): string | undefined {
  const parts = decode(token);
  return parts?.length === 3 ? parts[0] : undefined;
}

/** Nobody guesses it. */
export const newCallbackId = (executionId: string, operationId: string): string =>
  encode([executionId, operationId, randomUUID()]);

export function partsOfCallbackId(
  id: string,
): { readonly executionId: string; readonly operationId: string } | undefined {
  const [executionId, operationId, secret] = decode(id) ?? [];
  return executionId === undefined || operationId === undefined || secret === undefined
    ? undefined
    : { executionId, operationId };
}

const encode = (parts: readonly (string | number)[]): string => Buffer.from(JSON.stringify(parts)).toString("base64");

function decode(text: string): readonly string[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    return Array.isArray(parts) ? parts.map(String) : undefined;
  } catch {
    return undefined;
  }
}
