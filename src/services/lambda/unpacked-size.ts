/**
 * Code and layers share one bound, unpacked. Texts: bento-video/bento#1, lambci/git-lambda-layer#27.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { LAMBDA } from "../../shared/aws-limits.js";
import { invalidParameter } from "./errors.js";

const MAX_BYTES = LAMBDA.unzippedPackageBytes;

/** `codeFolder` is where an uploaded package lies; functions of the template have none. */
export async function checkUnpackedSize(
  codeFolder: string | undefined,
  layerFolders: readonly string[],
): Promise<void> {
  // The bound of a package alone holds when it is unpacked.
  if (layerFolders.length === 0) return;
  let layersBytes = 0;
  for (const folder of layerFolders) layersBytes += await bytesIn(folder);
  if (layersBytes > MAX_BYTES)
    throw invalidParameter(`Layers consume more than the available size of ${MAX_BYTES} bytes`);
  const bytes = layersBytes + (codeFolder === undefined ? 0 : await bytesIn(codeFolder));
  if (bytes > MAX_BYTES)
    throw invalidParameter(
      `Function code combined with layers exceeds the maximum allowed size of ${MAX_BYTES} bytes. The actual size is ${bytes} bytes.`,
    );
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes;
}
