/** `lambda-run seed`: sample PDFs or CSV files for a bucket, in the running stack or in the state folder. */
import { didYouMean } from "../../config/nearest.js";
import { AppError, EXIT } from "../../shared/errors.js";
import { CONCURRENCY, DEFAULT_ROWS, seed, type SeedKind, type SeedResult } from "../../stack/seed/seed.js";
import { clientOptions } from "../../stack/backends/endpoints.js";
import { parseSize } from "../../stack/seed/size.js";
import { Stack } from "../../stack/stack.js";
import type { Action } from "../action.js";
import { diagnostics } from "../diagnostics.js";
import { loadProjectToRun, type Project } from "../project.js";
import { countOf } from "../queue-command.js";
import { progress } from "../render/progress.js";

const DEFAULTS = { prefix: "2026/04/", count: 24, size: "2k" };
const MAX_COUNT = 10_000_000;
const MAX_ROWS = 1_000_000;

export const seedCommand: Action = async (_args, options) => {
  const project = await loadProjectToRun(options);
  const { application, config } = project;
  const first = config.seeds[0];
  const bucket = bucketFor(options["bucket"] ?? first?.bucket, project);
  const kind = readKind(options["kind"] ?? first?.kind ?? "pdf");
  const prefix = text(options["prefix"]) ?? first?.prefix ?? (kind === "pdf" ? DEFAULTS.prefix : "");
  const count = countOf(options["count"] ?? first?.count, "--count", DEFAULTS.count, MAX_COUNT);
  const rows = countOf(options["rows"] ?? first?.rows, "--rows", DEFAULT_ROWS, MAX_ROWS);
  const workers = countOf(options["workers"], "--workers", CONCURRENCY, CONCURRENCY);
  const sizeBytes = parseSize(text(options["size"]) ?? String(first?.size ?? DEFAULTS.size));

  // What is asked for here takes the place of the seeds in the config.
  const stack = await Stack.start({
    log: diagnostics(options),
    application,
    config: { ...config, seeds: [] },
    fixedPorts: project.flagPorts,
    projectRoot: project.folder,
    kind: "command",
    onNotice: (line) => process.stderr.write(`note ${line}\n`),
  });
  const address = stack.addressOf("s3");
  const interrupted = new AbortController();
  const onInterrupt = (): void => interrupted.abort();
  process.once("SIGINT", onInterrupt);
  const total = count;
  const shown = progress(process.stderr, `seeding ${bucket}/${prefix}`, total);
  try {
    const result = await seed({
      ...clientOptions(address),
      bucket,
      prefix,
      kind,
      count,
      rows,
      workers,
      sizeBytes,
      // On AWS it would belong to somebody and cost money.
      createBucket: address.endpoint !== undefined || config.createResources,
      onProgress: ({ done, total: all, bytes }) =>
        shown.update(Math.round((done / Math.max(1, all)) * total), `${Math.round(bytes / 1024)} KiB`),
      signal: interrupted.signal,
    });
    shown.finish();
    const summary = { bucket, prefix, ...result };
    process.stdout.write(
      options["json"] === true
        ? `${JSON.stringify(summary)}\n`
        : `${whatIsThere(kind, count, result)} are in ${bucket}${prefix === "" ? "" : ` under ${prefix}`}: ${result.uploaded} put now, ${result.unchanged} there before\n`,
    );
    return EXIT.ok;
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT.interrupted;
    if (error instanceof Error && error.name === "InvalidBucketName")
      throw new AppError("LR1004", {
        what: `"${bucket}" is no name of a bucket`,
        where: "--bucket",
        fix: "Use 3 to 63 small letters, digits, dots and hyphens.",
        cause: error,
      });
    if (error instanceof Error && error.name === "NoSuchBucket")
      throw new AppError("LR1004", {
        what: `There is no bucket "${bucket}" on AWS`,
        fix: "Make it, or pass --create-resources to have it made.",
        cause: error,
      });
    throw error;
  } finally {
    process.removeListener("SIGINT", onInterrupt);
    await stack.close();
  }
};

function whatIsThere(kind: SeedKind, count: number, { uploaded, unchanged }: SeedResult): string {
  return kind === "csv"
    ? `${count} CSV files`
    : `${count} PDFs and ${uploaded + unchanged - count} objects that are none`;
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

function bucketFor(named: unknown, { application }: Project): string {
  const wanted = text(named) ?? application.buckets[0]?.name;
  if (wanted === undefined)
    throw new AppError("LR1004", { what: "There is no bucket to seed", fix: "Pass --bucket NAME." });
  const declared = application.buckets.find(({ logicalId, name }) => logicalId === wanted || name === wanted);
  // Without a template any name will do; beside one a name that it does not know is a slip.
  if (declared !== undefined || application.buckets.length === 0) return declared?.name ?? wanted;
  const names = application.buckets.map(({ name }) => name);
  throw new AppError("LR1004", {
    what: `The template declares no bucket "${wanted}".${didYouMean(wanted, names)}`,
    where: "--bucket",
    fix: `Use ${names.join(" or ")}, or declare the bucket.`,
  });
}

function readKind(value: unknown): SeedKind {
  if (value === "pdf" || value === "csv") return value;
  throw new AppError("LR1005", { what: `--kind is "${String(value)}"`, fix: "Use pdf or csv." });
}
