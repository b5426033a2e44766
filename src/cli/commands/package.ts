/** `lambda-run package`: ZIPs and a template that `sam deploy` takes. */
import { relative, resolve } from "node:path";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { AppError, EXIT } from "../../shared/errors.js";
import { packageApplication } from "../../stack/package/package-application.js";
import type { PackageBucket } from "../../stack/package/upload.js";
import type { Action } from "../action.js";
import { loadProject } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { table } from "../render/table.js";

export const packageCommand: Action = async (_args, options) => {
  const { application, config, folder } = await loadProject(options);
  const stateFolder = resolve(folder, config.state);
  const outFolder = resolve(folder, text(options["out"]) ?? `${config.state}/package`);
  const bucket = bucketFrom(options, application.realm.region);
  const result = await packageApplication({ application, outFolder, stateFolder, bucket });
  const template = relative(folder, result.template);
  if (options["json"] === true) {
    process.stdout.write(`${JSON.stringify({ ...result, template })}\n`);
    return EXIT.ok;
  }
  const colours = coloursFor(process.stderr);
  for (const notice of result.notices) process.stderr.write(`${colours.yellow("note")} ${notice}\n`);
  process.stdout.write(
    table([
      ["PACKAGE", "SIZE", "UNPACKED", "SHA-256"],
      ...result.packages.map((made) => [
        relative(folder, resolve(outFolder, made.file)),
        size(made.zippedBytes),
        made.unzippedBytes === undefined ? "-" : size(made.unzippedBytes),
        made.sha256.slice(0, 16),
      ]),
    ]),
  );
  if (bucket !== undefined)
    process.stdout.write(
      `${result.uploaded} of ${result.packages.length} put into ${bucket.bucket}, the others were there\n`,
    );
  process.stdout.write(`next: sam deploy --template-file ${template}${bucket === undefined ? " --guided" : ""}\n`);
  return EXIT.ok;
};

function bucketFrom(options: Readonly<Record<string, unknown>>, region: string): PackageBucket | undefined {
  const bucket = text(options["s3Bucket"]);
  const prefix = text(options["s3Prefix"]);
  if (bucket === undefined) {
    if (prefix === undefined) return undefined;
    throw new AppError("LR1004", {
      what: "--s3-prefix is given without --s3-bucket",
      fix: "Pass --s3-bucket NAME, or leave out --s3-prefix.",
    });
  }
  return { bucket, prefix: (prefix ?? "").replace(/^\/+|\/+$/g, ""), region };
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

const size = (bytes: number): string =>
  bytes < MEBIBYTE ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / MEBIBYTE).toFixed(1)} MB`;
