/** Where documents and what is made of them lie: `documents/<yyyyMMdd_HHmmss>/<document_id>/<filename>`. */
import { createHash } from "node:crypto";

export const DOCUMENTS_PREFIX = "documents/";

export interface DocumentName {
  readonly documentId: string;
  readonly filename: string;
  /** `processed/<timestamp>/<document_id>/<stem>.md` */
  readonly markdownKey: string;
}

export const documentKey = (documentId: string, filename: string, at: Date): string =>
  `${DOCUMENTS_PREFIX}${stampOf(at)}/${documentId}/${filename}`;

/** A key that was not made here has an id that follows from it, so that a second event of it finds the same document. */
export function documentNameOf(bucket: string, key: string): DocumentName {
  const [, stamp, id, name] = /^documents\/(\d{8}_\d{6})\/([^/]+)\/([^/]+)$/.exec(key) ?? [];
  const filename = name ?? key.slice(key.lastIndexOf("/") + 1);
  const documentId = id ?? createHash("sha256").update(`${bucket}/${key}`).digest("hex").slice(0, 32);
  const stem = filename.replace(/(?<=.)\.[^.]*$/, "");
  return { documentId, filename, markdownKey: `processed/${stamp ?? "other"}/${documentId}/${stem}.md` };
}

/** `20260430_160512`, in UTC. */
const stampOf = (at: Date): string => at.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "_");
