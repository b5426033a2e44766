/**
 * Lambda's bound on what a function unpacks to, its layers included.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
import type { Application } from "../../config/application.js";
import { LAMBDA, MEBIBYTE } from "../../shared/aws-limits.js";
import { AppError } from "../../shared/errors.js";
import type { PackageFile } from "./zip.js";

/** Resolves to the unpacked size. Throws LR4001. */
export function checkSize(logicalId: string, files: readonly PackageFile[]): number {
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (sizeBytes > LAMBDA.unzippedPackageBytes) {
    const [largest] = files.toSorted((a, b) => b.sizeBytes - a.sizeBytes);
    throw tooLarge(
      logicalId,
      sizeBytes,
      largest && `the largest file is ${largest.name} (${megabytes(largest.sizeBytes)})`,
    );
  }
  return sizeBytes;
}

/** The same bound holds for a function with what lies at its /opt. Sizes of user archives are not known, and not counted. */
export function checkWithLayers(
  { functions, layers }: Application,
  packages: readonly { readonly logicalId: string; readonly unzippedBytes: number | undefined }[],
): void {
  const sizeOf = (logicalId: string): number =>
    packages.find((made) => made.logicalId === logicalId)?.unzippedBytes ?? 0;
  for (const fn of functions) {
    const used = layers.filter(({ path }) => fn.layers.includes(path));
    const sizeBytes = sizeOf(fn.logicalId) + used.reduce((sum, layer) => sum + sizeOf(layer.logicalId), 0);
    if (sizeBytes > LAMBDA.unzippedPackageBytes)
      throw tooLarge(fn.logicalId, sizeBytes, `with its layers ${used.map((layer) => layer.logicalId).join(", ")}`);
  }
}

function tooLarge(logicalId: string, sizeBytes: number, why: string | undefined): AppError {
  return new AppError("LR4001", {
    what: `${logicalId} unpacks to ${megabytes(sizeBytes)}, and Lambda takes ${megabytes(LAMBDA.unzippedPackageBytes)}`,
    where: logicalId,
    ...(why === undefined ? {} : { why }),
  });
}

const megabytes = (sizeBytes: number): string => `${(sizeBytes / MEBIBYTE).toFixed(1)} MB`;
