/**
 * The one place where clients are made: all with the same retries and connections. AWS's own endpoints come from the
 * standard variables; the archive store has an address and keys of its own, which no variable may change.
 */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { StoreSecret } from "./secret-cache.js";

const MAX_ATTEMPTS = 3;
const CONNECTION_TIMEOUT_MS = 3000;
/** Of silence: a store that neither answers nor refuses is given up, and the messages come again. */
const REQUEST_TIMEOUT_MS = 30_000;
const MAX_SOCKETS = 64;

export interface Clients {
  readonly source: S3Client;
  readonly table: DynamoDBClient;
  readonly secrets: SecretsManagerClient;
  /** Of the archive store; the same one as long as the secret is. */
  store(secret: StoreSecret): S3Client;
  destroy(): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function createClients(env: Environment): Clients {
  const common = {
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
      httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets: MAX_SOCKETS }),
    },
  } as const;
  const source = new S3Client({
    ...common,
    // S3 look-alikes seldom have a host name per bucket.
    forcePathStyle: (env["AWS_ENDPOINT_URL_S3"] ?? env["AWS_ENDPOINT_URL"]) !== undefined,
  });
  const table = new DynamoDBClient(common);
  const secrets = new SecretsManagerClient(common);
  let store: { readonly client: S3Client; readonly secret: StoreSecret } | undefined;
  return {
    source,
    table,
    secrets,
    store(secret) {
      const { endpointUrl, accessKey, secretKey } = secret;
      if (
        store?.secret.endpointUrl === endpointUrl &&
        store.secret.accessKey === accessKey &&
        store.secret.secretKey === secretKey
      )
        return store.client;
      store?.client.destroy();
      const client = new S3Client({
        ...common,
        endpoint: endpointUrl,
        forcePathStyle: true,
        credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
        // Stores on premise may be older than the checksums of 2025; the archive's own digest is verified instead.
        requestChecksumCalculation: "WHEN_REQUIRED",
        responseChecksumValidation: "WHEN_REQUIRED",
      });
      store = { client, secret };
      return client;
    },
    destroy() {
      for (const client of [source, table, secrets, store?.client]) client?.destroy();
    },
  };
}
