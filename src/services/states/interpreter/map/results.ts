/**
 * What becomes of the results of a distributed Map: the output of the state, or with ResultWriter files in S3 and a manifest
 * that names them.
 * https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
 */
import { objectOf, textOf, type Json, type JsonObject } from "../../../../config/json.js";
import { scopeOf } from "../context-object.js";
import { evaluate } from "../data/jsonata.js";
import { fillTemplate } from "../data/template.js";
import type { ChildEnd, MapRun } from "../map-runs.js";
import type { Step } from "../run.js";
import type { Batch } from "./batches.js";
import { S3Calls } from "./s3.js";

const ERROR = "States.ResultWriterFailed";
const STATUSES = ["FAILED", "PENDING", "SUCCEEDED"] as const;

export interface ChildResult {
  readonly batch: Batch;
  /** Undefined when it was never started. */
  readonly ended: ChildEnd | undefined;
}

export interface Writer {
  readonly bucket: string;
  readonly prefix: string;
}

/** Where ResultWriter writes; undefined when the results stay in the output. */
export async function writerOf(step: Step, input: Json): Promise<Writer | undefined> {
  const writer = objectOf(step.state["ResultWriter"]);
  if (writer["Resource"] === undefined) return undefined;
  const scope = scopeOf(step, input);
  const { Bucket: bucket, Prefix: prefix } = objectOf(
    step.language === "JSONata"
      ? await evaluate(writer["Arguments"] ?? {}, scope, "ResultWriter/Arguments")
      : fillTemplate(writer["Parameters"] ?? {}, scope),
  );
  return { bucket: textOf(bucket), prefix: textOf(prefix) };
}

/** The results in the form that WriterConfig asks for. */
export function shownResults(step: Step, results: readonly ChildResult[], byDefault: "NONE" | "COMPACT"): Json[] {
  const config = objectOf(objectOf(step.state["ResultWriter"])["WriterConfig"]);
  const form = config["Transformation"] ?? byDefault;
  return results.flatMap((result): Json[] => {
    const end = result.ended?.end;
    // What failed is shown as NONE shows it, whatever is asked for.
    if (form === "NONE" || end?.status !== "SUCCEEDED") return [recordOf(result)];
    return form === "FLATTEN" && Array.isArray(end.output) ? (end.output as Json[]) : [end.output];
  });
}

/** Writes the files; the output of the state says where their manifest is. */
export async function writeResults(
  step: Step,
  mapRun: MapRun,
  { bucket, prefix }: Writer,
  results: readonly ChildResult[],
): Promise<Json> {
  const calls = new S3Calls(step.run, step.frame.signal, ERROR);
  const folder = `${prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`}${mapRun.arn.split(":").at(-1) ?? ""}`;
  const files: Record<string, Json> = {};
  for (const status of STATUSES) {
    const own = results.filter((result) => statusOf(result) === status);
    files[status] = own.length === 0 ? [] : [await writeFile(step, calls, bucket, `${folder}/${status}_0`, own)];
  }
  const manifest: JsonObject = { DestinationBucket: bucket, MapRunArn: mapRun.arn, ResultFiles: files };
  const key = `${folder}/manifest.json`;
  await calls.put(bucket, key, JSON.stringify(manifest));
  mapRun.resultsWritten(results.reduce((count, { batch }) => count + batch.itemCount, 0));
  return { MapRunArn: mapRun.arn, ResultWriterDetails: { Bucket: bucket, Key: key } };
}

async function writeFile(
  step: Step,
  calls: S3Calls,
  bucket: string,
  name: string,
  results: readonly ChildResult[],
): Promise<Json> {
  const shown = shownResults(step, results, "NONE");
  const lines = objectOf(objectOf(step.state["ResultWriter"])["WriterConfig"])["OutputType"] === "JSONL";
  const text = lines ? shown.map((result) => `${JSON.stringify(result)}\n`).join("") : JSON.stringify(shown);
  const key = `${name}.${lines ? "jsonl" : "json"}`;
  await calls.put(bucket, key, text);
  return { Key: key, Size: Buffer.byteLength(text) };
}

function statusOf({ ended }: ChildResult): (typeof STATUSES)[number] {
  if (ended === undefined) return "PENDING";
  return ended.end.status === "SUCCEEDED" ? "SUCCEEDED" : "FAILED";
}

/** A child execution as the files have it; documents stand in it as JSON texts. */
function recordOf({ batch, ended }: ChildResult): JsonObject {
  const input: JsonObject = { Input: JSON.stringify(batch.input), InputDetails: { Included: true } };
  if (ended === undefined) return { ...input, Status: "PENDING" };
  const { end, executionArn, name, startMs, stopMs } = ended;
  const outcome: JsonObject =
    end.status === "SUCCEEDED"
      ? { Output: JSON.stringify(end.output), OutputDetails: { Included: true } }
      : {
          ...(end.error === undefined ? {} : { Error: end.error }),
          ...(end.cause === undefined ? {} : { Cause: end.cause }),
        };
  return {
    ExecutionArn: executionArn,
    ...input,
    Name: name,
    ...outcome,
    RedriveCount: 0,
    RedriveStatus: end.status === "SUCCEEDED" ? "NOT_REDRIVABLE" : "REDRIVABLE_BY_MAP_RUN",
    ...(end.status === "SUCCEEDED" ? { RedriveStatusReason: "Execution is SUCCEEDED and cannot be redriven" } : {}),
    StartDate: new Date(startMs).toISOString(),
    StateMachineArn: executionArn.replace(":execution:", ":stateMachine:").split(":").slice(0, -1).join(":"),
    Status: end.status,
    StopDate: new Date(stopMs).toISOString(),
  };
}
