/**
 * START HERE for packaging: every function and layer of a template as a ZIP, and the template with them, ready for
 * `sam deploy`. The same input gives the same bytes.
 */
import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { Application } from "../../config/application.js";
import { AppError } from "../../shared/errors.js";
import { functionCode, layerCode, type Code } from "./function-code.js";
import { movedPaths } from "./local-paths.js";
import { editTemplate, resourceTypes, type Edit } from "./template-edit.js";
import { packageKey, uploadPackages, type PackageBucket } from "./upload.js";
import { checkSize, checkWithLayers } from "./package-size.js";
import { writeZip } from "./zip.js";

export interface PackageOptions {
  readonly application: Application;
  /** Folder for the ZIPs and the template; other files in it are left alone. */
  readonly outFolder: string;
  /** Never part of a package. */
  readonly stateFolder: string;
  /** Where the ZIPs are sent to; without it the template names them as files. */
  readonly bucket: PackageBucket | undefined;
  readonly onPackage?: (made: Package) => void;
}

export interface Package {
  readonly logicalId: string;
  readonly file: string;
  readonly zippedBytes: number;
  /** Undefined for an archive of the user. */
  readonly unzippedBytes: number | undefined;
  readonly sha256: string;
}

export interface PackagedApplication {
  readonly template: string;
  readonly packages: readonly Package[];
  /** Files that were sent to the bucket now; the others were there. */
  readonly uploaded: number;
  /** What a person has to know before deploying. */
  readonly notices: readonly string[];
}

/** Which property holds the code, and how a place in S3 is written there. */
const CODE_PROPERTIES: Readonly<
  Record<string, { readonly property: string; readonly s3: (bucket: string, key: string) => Edit["value"] }>
> = {
  "AWS::Serverless::Function": { property: "CodeUri", s3: (bucket, key) => `s3://${bucket}/${key}` },
  "AWS::Serverless::LayerVersion": { property: "ContentUri", s3: (bucket, key) => `s3://${bucket}/${key}` },
  "AWS::Lambda::Function": { property: "Code", s3: (S3Bucket, S3Key) => ({ S3Bucket, S3Key }) },
  "AWS::Lambda::LayerVersion": { property: "Content", s3: (S3Bucket, S3Key) => ({ S3Bucket, S3Key }) },
};

/** Throws the LR3xxx errors of builds, LR4001 for a package that Lambda refuses, LR5006 for a bucket that does. */
export async function packageApplication(options: PackageOptions): Promise<PackagedApplication> {
  const { application, bucket, outFolder, stateFolder } = options;
  const source = application.sourceFile;
  if (source === undefined) throw new AppError("LR2001", { what: "There is no template to package" });
  const template = join(outFolder, basename(source));
  if (template === source)
    throw new AppError("LR1004", {
      what: "The packaged template would take the place of the template itself",
      where: "--out",
      fix: "Name another folder.",
    });
  const codeOptions = { baseFolder: dirname(source), without: [stateFolder, outFolder] };
  await mkdir(outFolder, { recursive: true });

  const notices: string[] = [];
  const packages: Package[] = [];
  const make = async (logicalId: string, code: Code): Promise<void> => {
    if (code.kind === "as-declared") {
      notices.push(`${logicalId} stays as it is declared: ${code.why}.`);
      return;
    }
    const made = await makePackage(logicalId, code, join(outFolder, `${logicalId}.zip`));
    packages.push(made);
    options.onPackage?.(made);
    if (code.kind === "files") notices.push(...code.notices.map((notice) => `${logicalId}: ${notice}`));
  };
  for (const layer of application.layers) await make(layer.logicalId, await layerCode(layer, codeOptions));
  for (const fn of application.functions) await make(fn.logicalId, await functionCode(fn, codeOptions));
  checkWithLayers(application, packages);

  const text = await readFile(source, "utf8");
  const types = resourceTypes(text);
  const edits = [
    ...packages.map((made) => codeEdit(made, types.get(made.logicalId), bucket)),
    ...movedPaths(text, types, source, template),
  ];
  const edited = editTemplate(text, edits);
  const uploads = packages.map(({ file, sha256, zippedBytes }) => ({
    file: join(outFolder, file),
    sha256,
    sizeBytes: zippedBytes,
  }));
  const uploaded = bucket === undefined ? 0 : await uploadPackages(bucket, uploads);
  // Last of all: a template that is there names packages that are there.
  await writeFile(`${template}.${process.pid}`, edited);
  await rename(`${template}.${process.pid}`, template);
  return { template, packages, uploaded, notices };
}

async function makePackage(
  logicalId: string,
  code: Exclude<Code, { kind: "as-declared" }>,
  path: string,
): Promise<Package> {
  const file = basename(path);
  if (code.kind === "archive") {
    await copyFile(code.path, path);
    const bytes = await readFile(path);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return { logicalId, file, zippedBytes: bytes.length, unzippedBytes: undefined, sha256 };
  }
  const unzippedBytes = checkSize(logicalId, code.files);
  return { logicalId, file, unzippedBytes, ...(await writeZip(code.files, path)) };
}

function codeEdit({ logicalId, file, sha256 }: Package, type = "", bucket: PackageBucket | undefined): Edit {
  const place = CODE_PROPERTIES[type];
  if (place === undefined)
    throw new AppError("LR2004", {
      what: `The code of ${logicalId} cannot be written into the template`,
      where: `Resources.${logicalId}`,
      why: "the resource is not written out there",
    });
  const value = bucket === undefined ? file : place.s3(bucket.bucket, packageKey(bucket, sha256));
  return { path: ["Resources", logicalId, "Properties", place.property], value };
}
