/** The embedded S3 behind its gateway, for tests of what talks to it. */
import { S3Client } from "@aws-sdk/client-s3";
import type { S3ClientConfig } from "@aws-sdk/client-s3";
import { startEmbedded } from "../../services/embedded.js";

export const REGION = "us-east-1";
export const CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" };

export interface EmbeddedS3 {
  readonly endpoint: string;
  /** Destroyed when the store stops. */
  newClient(config?: S3ClientConfig): S3Client;
  stop(): Promise<void>;
}

export async function startEmbeddedS3(): Promise<EmbeddedS3> {
  const embedded = await startEmbedded();
  const clients: S3Client[] = [];
  return {
    endpoint: embedded.gateway.endpoint,
    newClient: (config = {}) => {
      const client = new S3Client({ ...embedded.client(), ...config });
      clients.push(client);
      return client;
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      await embedded.close();
    },
  };
}
