/** Address and keys of the archive store: a JSON secret, kept for some minutes. */
import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ConfigurationError } from "./errors.js";

export interface StoreSecret {
  readonly endpointUrl: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export class SecretCache {
  readonly #client: SecretsManagerClient;
  readonly #secretId: string;
  readonly #ttlMs: number;
  readonly #now: () => number;
  #cached: { readonly secret: StoreSecret; readonly untilMs: number } | undefined;

  constructor(client: SecretsManagerClient, secretId: string, ttlMs: number, now: () => number = Date.now) {
    this.#client = client;
    this.#secretId = secretId;
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  async get(signal?: AbortSignal): Promise<StoreSecret> {
    if (this.#cached !== undefined && this.#cached.untilMs > this.#now()) return this.#cached.secret;
    const { SecretString } = await this.#client.send(
      new GetSecretValueCommand({ SecretId: this.#secretId }),
      signal === undefined ? {} : { abortSignal: signal },
    );
    const secret = parse(SecretString ?? "", this.#secretId);
    this.#cached = { secret, untilMs: this.#now() + this.#ttlMs };
    return secret;
  }

  /** The store refused the keys: they may have been changed since. */
  clear(): void {
    this.#cached = undefined;
  }
}

function parse(text: string, secretId: string): StoreSecret {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    // Without a cause: the parser quotes what it could not read, and that is the secret.
    throw new ConfigurationError(`the secret ${secretId} is not JSON`);
  }
  const { endpoint_url: endpointUrl, access_key: accessKey, secret_key: secretKey } = fields;
  if (typeof endpointUrl !== "string" || typeof accessKey !== "string" || typeof secretKey !== "string") {
    throw new ConfigurationError(`the secret ${secretId} needs endpoint_url, access_key and secret_key`);
  }
  return { endpointUrl, accessKey, secretKey };
}
