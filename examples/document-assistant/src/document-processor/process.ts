/**
 * THE MAIN PATH: claim -> extract -> markdown to S3 -> embeddings -> chunks to the table -> vectors -> graph -> done.
 * Every step can be done twice: ids follow from the document and its text.
 */
import { GetObjectCommand, HeadObjectCommand, NotFound, PutObjectCommand } from "@aws-sdk/client-s3";
import type { Budget } from "../shared/budget.js";
import { s3Client } from "../shared/clients.js";
import { documentNameOf, type DocumentName } from "../shared/document-key.js";
import { LibraryError, messageOf, RequestError } from "../shared/errors.js";
import { isFields, type Fields } from "../shared/json.js";
import { Libraries } from "../shared/libraries.js";
import { oneOf, required, wholeNumber } from "../shared/settings.js";
import { chunksIn, type StoredChunk } from "./chunks.js";
import { Documents, type Claim } from "./documents.js";
import type { AnnouncedObject } from "./notification.js";
import { Stores, type StorageResults } from "./stores.js";

const MEBIBYTE = 1024 * 1024;
/** Vectors of so many texts are well below the 6 MB of an answer. */
const TEXTS_PER_CALL = 64;

/** True for what fails again however often it is tried. */
export const isFinal = (error: unknown): boolean =>
  error instanceof LibraryError ? error.isFinal : error instanceof RequestError && error.statusCode < 500;

/** Vectors or graph could not be written: what was written stays, and the next attempt writes the rest. */
class PartlyStoredError extends Error {
  override name = "PartlyStoredError";
  readonly results: StorageResults;

  constructor(results: StorageResults, cause: unknown) {
    super(`not stored everywhere: ${messageOf(cause)}`, { cause });
    this.results = results;
  }
}

interface Settings {
  readonly processedBucket: string;
  readonly docling: string;
  readonly sentenceTransformer: string;
  readonly pinecone: string;
  readonly embeddings: "sentence-transformer" | "pinecone";
  /** `inline` sends the document itself, as long as it fits into the 6 MB of a payload. */
  readonly handover: "reference" | "inline";
  readonly maxBytes: number;
}

interface Extracted {
  readonly text: string;
  readonly chunks: readonly StoredChunk[];
  readonly statistics: Fields;
}

export class Processor {
  readonly #settings: Settings;
  readonly #libraries: Libraries;
  readonly #documents: Documents;
  readonly #stores: Stores;

  private constructor(settings: Settings, libraries: Libraries, documents: Documents) {
    this.#settings = settings;
    this.#libraries = libraries;
    this.#documents = documents;
    this.#stores = Stores.fromEnvironment(libraries);
  }

  static fromEnvironment(): Processor {
    const settings: Settings = {
      processedBucket: required("PROCESSED_DOCUMENTS_BUCKET"),
      docling: required("DOCLING_LIBRARY_FUNCTION"),
      sentenceTransformer: required("SENTENCE_TRANSFORMER_LIBRARY_FUNCTION"),
      pinecone: required("PINECONE_LIBRARY_FUNCTION"),
      embeddings: oneOf("EMBEDDINGS", ["sentence-transformer", "pinecone"]),
      handover: oneOf("DOCUMENT_HANDOVER", ["reference", "inline"]),
      maxBytes: wholeNumber("MAX_DOCUMENT_MB", 100, 1) * MEBIBYTE,
    };
    return new Processor(settings, Libraries.fromEnvironment(), new Documents(required("DOCUMENTS_TABLE")));
  }

  async process(object: AnnouncedObject, requestId: string, budget: Budget): Promise<Fields> {
    const startedAtMs = performance.now();
    const name = documentNameOf(object.bucket, object.key);
    const { eTag, sizeBytes } = await this.#head(object, budget);
    const claim = await this.#documents.claim({ ...object, ...name, eTag, sizeBytes }, requestId, budget);
    if (claim === undefined) return { document_id: name.documentId, filename: name.filename, duplicate: true };
    try {
      const extracted = await this.#extract(object, name, sizeBytes, budget);
      const markdownPath = await this.#putMarkdown(name, extracted.text, budget);
      const embeddings = await this.#embed(extracted.chunks, budget);
      const storage = await this.#stores.store(name, extracted.chunks, embeddings, budget);
      if (storage.failure !== undefined) throw new PartlyStoredError(storage.results, storage.failure);
      await this.#documents.done(claim, {
        markdown_s3_path: markdownPath,
        chunks: extracted.chunks.length,
        storage_results: storage.results,
      });
      return {
        document_id: name.documentId,
        filename: name.filename,
        processing_time: Math.round(performance.now() - startedAtMs) / 1000,
        markdown_s3_path: markdownPath,
        statistics: extracted.statistics,
        storage_results: storage.results,
        chunks_processed: extracted.chunks.length,
        embeddings_generated: embeddings.length,
      };
    } catch (error) {
      await this.#fail(claim, error);
      throw error;
    }
  }

  async #fail(claim: Claim, error: unknown): Promise<void> {
    await this.#documents.failed(claim, {
      error: messageOf(error),
      error_type: error instanceof RequestError ? error.errorType : (error as Error).name,
      status_code: error instanceof RequestError ? error.statusCode : 500,
      ...(error instanceof PartlyStoredError ? { storage_results: error.results } : {}),
    });
  }

  async #head(
    { bucket, key }: AnnouncedObject,
    budget: Budget,
  ): Promise<{ readonly eTag: string; readonly sizeBytes: number }> {
    try {
      const { ETag: eTag = "", ContentLength: sizeBytes = 0 } = await s3Client().send(
        new HeadObjectCommand({ Bucket: bucket, Key: key }),
        { abortSignal: budget.signal() },
      );
      return { eTag, sizeBytes };
    } catch (error) {
      if (error instanceof NotFound) throw new RequestError(404, "NotFound", `${key} is no longer there`);
      throw error;
    }
  }

  async #extract(
    { bucket, key }: AnnouncedObject,
    { filename, documentId }: DocumentName,
    sizeBytes: number,
    budget: Budget,
  ): Promise<Extracted> {
    const { docling, handover, maxBytes } = this.#settings;
    if (sizeBytes > maxBytes) {
      throw new RequestError(413, "DocumentTooLarge", `${filename} has ${sizeBytes} bytes, ${maxBytes} are allowed`);
    }
    const payload =
      handover === "reference"
        ? { bucket, key, filename }
        : { document_bytes: (await bytesOf(bucket, key, budget)).toString("base64"), key, filename };
    const answer = await this.#libraries.call(docling, payload, budget);
    const { result_reference: reference } = answer;
    const result = isFields(reference) ? await resultAt(reference, budget) : answer;
    const content = isFields(result["content"]) ? result["content"]["text"] : undefined;
    if (typeof content !== "string") throw unreadable(docling, "it gave no text");
    return {
      text: content,
      chunks: chunksIn(result["chunks"], documentId) ?? unreadableChunks(docling),
      statistics: isFields(answer["statistics"]) ? answer["statistics"] : {},
    };
  }

  async #putMarkdown({ markdownKey }: DocumentName, Body: string, budget: Budget): Promise<string> {
    const { processedBucket: Bucket } = this.#settings;
    await s3Client().send(
      new PutObjectCommand({ Bucket, Key: markdownKey, Body, ContentType: "text/markdown; charset=utf-8" }),
      { abortSignal: budget.signal() },
    );
    return `s3://${Bucket}/${markdownKey}`;
  }

  async #embed(chunks: readonly StoredChunk[], budget: Budget): Promise<readonly (readonly number[])[]> {
    const { embeddings: by, sentenceTransformer, pinecone } = this.#settings;
    const library = by === "pinecone" ? pinecone : sentenceTransformer;
    const all: (readonly number[])[] = [];
    for (let from = 0; from < chunks.length; from += TEXTS_PER_CALL) {
      const texts = chunks.slice(from, from + TEXTS_PER_CALL).map(({ text }) => text);
      const payload = by === "pinecone" ? { operation_type: "generate_embeddings", texts } : { texts };
      const { embeddings } = await this.#libraries.call(library, payload, budget);
      if (!Array.isArray(embeddings) || embeddings.length !== texts.length) {
        throw unreadable(library, "it gave another number of vectors than it got texts");
      }
      all.push(...(embeddings as (readonly number[])[]));
    }
    return all;
  }
}

async function bytesOf(Bucket: string, Key: string, budget: Budget): Promise<Buffer> {
  const { Body } = await s3Client().send(new GetObjectCommand({ Bucket, Key }), { abortSignal: budget.signal() });
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

async function resultAt({ bucket, key }: Fields, budget: Budget): Promise<Fields> {
  const bytes = await bytesOf(String(bucket), String(key), budget);
  const value: unknown = JSON.parse(bytes.toString("utf8"));
  return isFields(value) ? value : {};
}

const unreadable = (library: string, why: string): LibraryError => new LibraryError(library, "unreadable", why);

function unreadableChunks(library: string): never {
  throw unreadable(library, "its chunks are no list of texts");
}
