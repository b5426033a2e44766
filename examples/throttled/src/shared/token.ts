/** The token of a sink: read once per environment, again where reading failed or the sink does not know it any more. */
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

const secrets = new SecretsManagerClient({});

export class Token {
  readonly #secretId: string;
  #value: string | undefined;

  constructor(secretId: string) {
    this.#secretId = secretId;
  }

  async value(): Promise<string> {
    this.#value ??= (await secrets.send(new GetSecretValueCommand({ SecretId: this.#secretId }))).SecretString ?? "";
    return this.#value;
  }

  forget(): void {
    this.#value = undefined;
  }
}
