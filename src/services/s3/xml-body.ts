/** Reads the XML or JSON document in a request's body: bounded, checked like any other body, refused when malformed. */
import { openPayload } from "../kit/payload.js";
import { parseXml, XmlSyntaxError, type XmlElement } from "../kit/xml.js";
import { createDigest } from "./digest.js";
import { malformedXml, messageTooLong } from "./errors.js";
import { readIntegrity, verifyIntegrity } from "./integrity.js";
import type { S3Request } from "./request.js";

const MAX_DOCUMENT_BYTES = 1024 * 1024;

export async function readDocument(request: S3Request, maxBytes: number = MAX_DOCUMENT_BYTES): Promise<Buffer> {
  const integrity = readIntegrity(request);
  const payload = openPayload(request.raw);
  if (payload.length !== undefined && payload.length > maxBytes) throw messageTooLong(maxBytes);
  const digest = createDigest(integrity.algorithm === undefined ? [] : [integrity.algorithm]);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of payload) {
    size += chunk.length;
    if (size > maxBytes) throw messageTooLong(maxBytes);
    void digest.update(chunk);
    chunks.push(chunk);
  }
  verifyIntegrity(integrity, await digest.finish(), payload.trailers());
  return Buffer.concat(chunks, size);
}

/** The root element, which must have that name. */
export async function readXml(request: S3Request, rootName: string, maxBytes?: number): Promise<XmlElement> {
  return parseDocument(await readDocument(request, maxBytes), rootName);
}

export function parseDocument(document: Buffer, rootName: string): XmlElement {
  let root: XmlElement;
  try {
    root = parseXml(document);
  } catch (error) {
    throw error instanceof XmlSyntaxError ? malformedXml(error) : error;
  }
  if (root.name !== rootName) throw malformedXml();
  return root;
}
