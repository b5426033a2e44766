/**
 * Library function `docling-library-handler`: `{document_bytes: base64, key?, filename}` or `{bucket, key, filename}` in,
 * `{success, content: {text}, chunks, metadata, statistics}` out. A result that would not fit into an answer (6 MB) is put beside
 * the processed documents, under the document's key: `{success, result_reference: {bucket, key}, statistics}` out.
 */
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { Budget } from "../../shared/budget.js";
import { s3Client } from "../../shared/clients.js";
import { RequestError } from "../../shared/errors.js";
import { requiredText, textIn, type Fields } from "../../shared/json.js";
import { libraryFunction } from "../../shared/library-function.js";
import { required } from "../../shared/settings.js";
import { chunksOf } from "./chunks.js";
import { extract } from "./extract.js";

/** Quotes and backslashes of the answer are escaped once more in the envelope. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

const resultsBucket = required("PROCESSED_DOCUMENTS_BUCKET");

export const handler = libraryFunction(async (payload, budget) => {
  const filename = requiredText(payload, "filename");
  const bytes = await bytesOf(payload, budget);
  const pages = extract(bytes, filename);
  const text = pages.map(({ markdown }) => markdown).join("\n\n");
  const chunks = chunksOf(pages);
  const statistics = { total_chunks: chunks.length, total_pages: pages.length, total_characters: text.length };
  const result = { content: { text }, chunks, metadata: { filename, size_bytes: bytes.length }, statistics };
  const body = JSON.stringify(result);
  if (Buffer.byteLength(body) <= MAX_ANSWER_BYTES) return result;
  const key = `${requiredText(payload, "key")}.json`;
  await s3Client().send(
    new PutObjectCommand({ Bucket: resultsBucket, Key: `work/${key}`, Body: body, ContentType: "application/json" }),
    { abortSignal: budget.signal() },
  );
  return { result_reference: { bucket: resultsBucket, key: `work/${key}` }, statistics };
});

async function bytesOf(payload: Fields, budget: Budget): Promise<Buffer> {
  const encoded = textIn(payload, "document_bytes");
  if (encoded !== undefined) {
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(encoded))
      throw new RequestError(400, "ValidationError", "document_bytes is no base64");
    return Buffer.from(encoded, "base64");
  }
  const input = { Bucket: requiredText(payload, "bucket"), Key: requiredText(payload, "key") };
  const { Body } = await s3Client().send(new GetObjectCommand(input), { abortSignal: budget.signal() });
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}
