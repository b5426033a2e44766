/** Takes listed PDFs from the queue, presigns a GET for each and appends one JSON line each to the manifest. */
import type { Progress } from "./errors.js";
import type { ManifestFile } from "./manifest-file.js";
import type { Presigner } from "./presign.js";
import type { ListedObject } from "./producer.js";
import type { BoundedQueue } from "./queue.js";

/** One `write` per line takes longer than all else together; joined, 100,000 lines cost about a thousand writes. */
const WRITE_CHARACTERS = 64 * 1024;

/** Resolves to the milliseconds spent on signing. */
export async function consume(
  queue: BoundedQueue<ListedObject>,
  presigner: Presigner,
  file: ManifestFile,
  progress: Progress,
): Promise<number> {
  let presignMs = 0;
  for (let batch = await queue.takeAll(); batch.length > 0; batch = await queue.takeAll()) {
    const startedMs = performance.now();
    const sign = await presigner.at(new Date());
    const urls = batch.map(({ key }) => sign(key));
    presignMs += performance.now() - startedMs;

    let text = "";
    let lines = 0;
    for (const [index, { key, sizeBytes, lastModified }] of batch.entries()) {
      text += `${JSON.stringify({ key, size: sizeBytes, last_modified: lastModified, url: urls[index] })}\n`;
      lines += 1;
      if (text.length >= WRITE_CHARACTERS || index === batch.length - 1) {
        progress.bytes += await file.append(text);
        progress.keys += lines;
        text = "";
        lines = 0;
      }
    }
  }
  return presignMs;
}
