/** Objects of the stack's S3, wherever it is, read and written as any client would. The SDK is loaded at the first one. */
import type { S3Client } from "@aws-sdk/client-s3";
import { AwsError } from "../services/kit/aws-error.js";
import type { ObjectReader } from "../services/lambda/index.js";
import type { ObjectWriter } from "../sources/async/destinations.js";
import { clientOptions, type ServiceAddress } from "./backends/endpoints.js";

/** Of deployment packages. */
export function objectReader(address: () => ServiceAddress): ObjectReader {
  return async (bucket, key, versionId) => {
    const { GetObjectCommand, NoSuchBucket, NoSuchKey, S3Client: Client } = await import("@aws-sdk/client-s3");
    const client = clientOf(Client, address());
    try {
      const { Body } = await client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(versionId === undefined ? {} : { VersionId: versionId }),
        }),
      );
      return Buffer.from((await Body?.transformToByteArray()) ?? []);
    } catch (error) {
      if (error instanceof NoSuchKey) return "NoSuchKey";
      if (error instanceof NoSuchBucket) return "NoSuchBucket";
      throw error;
    } finally {
      client.destroy();
    }
  };
}

/** Of records of asynchronous events. What S3 refuses for good is an AwsError. */
export function objectWriter(address: () => ServiceAddress): ObjectWriter {
  return async ({ bucket, key, body, traceHeader }) => {
    const { PutObjectCommand, S3Client: Client, S3ServiceException } = await import("@aws-sdk/client-s3");
    const client = clientOf(Client, address());
    if (traceHeader !== undefined)
      client.middlewareStack.add(
        (next) => (args) => {
          (args.request as { headers: Record<string, string> }).headers["x-amzn-trace-id"] = traceHeader;
          return next(args);
        },
        { step: "build" },
      );
    try {
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: "application/json" }),
      );
    } catch (error) {
      if (error instanceof S3ServiceException && (error.$metadata.httpStatusCode ?? 500) < 500)
        throw new AwsError(error.name, error.message);
      throw error;
    } finally {
      client.destroy();
    }
  };
}

const clientOf = (Client: typeof S3Client, address: ServiceAddress): S3Client =>
  new Client({ ...clientOptions(address), forcePathStyle: true });
