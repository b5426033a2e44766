/** URLs as the SDK presigns them. */
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

export async function presignedUrl(endpoint, method, Bucket, Key) {
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  const command = method === "PUT" ? new PutObjectCommand({ Bucket, Key }) : new GetObjectCommand({ Bucket, Key });
  return getSignedUrl(client, command, { expiresIn: 900 });
}
