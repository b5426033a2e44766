/**
 * The Lambda function `manifest`: lists the PDFs under a prefix, presigns a GET for each, writes them as JSON lines to
 * `manifests/<request id>.jsonl` and answers where that is. START HERE, then manifest.ts.
 *
 * On AWS the URLs are signed with the role's session credentials and die with them, after minutes to hours, however
 * long they were asked to live. Lambda does not say when that is (AWS_SESSION_EXPIRATION does not exist), so it can be
 * warned of only where the credentials carry their end. Such URLs also carry the session token, about 1 KB: with it the
 * answer, otherwise below 1 KB, is longer by that much.
 */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { S3Client } from "@aws-sdk/client-s3";
import type { Context } from "aws-lambda";
import { httpAnswer, httpFault } from "./answer.js";
import type { HttpAnswer, ManifestAnswer } from "./answer.js";
import { isHttpEvent, readEvent } from "./event.js";
import { makeManifest } from "./manifest.js";
import { metricsLine } from "./metrics.js";
import { readSettings } from "./settings.js";

const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;

/** Made once per environment: warm invocations reuse its connections. S3 look-alikes seldom have a name per bucket. */
const client = new S3Client({ forcePathStyle: (AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined });

export const handler = async (event: unknown, context: Context): Promise<ManifestAnswer | HttpAnswer> => {
  if (!isHttpEvent(event)) return run(event, context);
  try {
    return httpAnswer(200, await run(event, context));
  } catch (error) {
    const fault = httpFault(error);
    if (fault === undefined) throw error;
    return fault;
  }
};

async function run(event: unknown, context: Context): Promise<ManifestAnswer> {
  const settings = readSettings(process.env);
  const request = readEvent(event, settings);
  // The id becomes a file name and a key; Lambda gives a UUID, a test may give anything.
  const id = /^[\w-]{1,64}$/.test(context.awsRequestId) ? context.awsRequestId : randomUUID();
  const { answer, metrics, warning } = await makeManifest(request, {
    client,
    settings,
    id,
    directory: tmpdir(),
    remainingMs: context.getRemainingTimeInMillis(),
  });
  if (warning !== undefined) console.warn(warning);
  // Not console.log: with JSON logging Lambda would wrap the line, and CloudWatch would no longer find the metrics.
  process.stdout.write(`${metricsLine(context.functionName, context.awsRequestId, metrics, new Date())}\n`);
  return answer;
}
