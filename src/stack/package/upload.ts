/**
 * Puts packages into the bucket that CloudFormation reads them from. The key holds the content's hash: what is there
 * is not sent again, and no deployment changes what another one points at.
 */
import { createReadStream } from "node:fs";
import { AppError, messageOf } from "../../shared/errors.js";

export interface PackageBucket {
  readonly bucket: string;
  /** Without a slash at its end; empty = the root of the bucket. */
  readonly prefix: string;
  readonly region: string;
}

export interface Upload {
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export const packageKey = ({ prefix }: PackageBucket, sha256: string): string =>
  `${prefix === "" ? "" : `${prefix}/`}${sha256.slice(0, 32)}.zip`;

/** Uses the AWS SDK's own way to credentials and endpoint. Resolves to the number of files sent. Throws LR5006. */
export async function uploadPackages(target: PackageBucket, uploads: readonly Upload[]): Promise<number> {
  const { HeadObjectCommand, PutObjectCommand, S3Client } = await import("@aws-sdk/client-s3");
  // Path style only where an endpoint is named: a store on this machine has no host name for each bucket.
  const isElsewhere = (process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"]) !== undefined;
  const s3 = new S3Client({ region: target.region, forcePathStyle: isElsewhere });
  let sent = 0;
  try {
    for (const { file, sha256, sizeBytes } of uploads) {
      const place = { Bucket: target.bucket, Key: packageKey(target, sha256) };
      const there = await s3.send(new HeadObjectCommand(place)).catch((error: unknown) => {
        if (error instanceof Error && error.name === "NotFound") return undefined;
        throw error;
      });
      if (there?.ContentLength === sizeBytes) continue;
      await s3.send(new PutObjectCommand({ ...place, Body: createReadStream(file), ContentLength: sizeBytes }));
      sent += 1;
    }
    return sent;
  } catch (error) {
    throw new AppError("LR5006", {
      what: `The packages could not be put into ${target.bucket}: ${messageOf(error)}`,
      where: `s3://${target.bucket}/${target.prefix}`,
      cause: error,
    });
  } finally {
    s3.destroy();
  }
}
