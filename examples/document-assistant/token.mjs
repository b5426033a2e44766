// A bearer token for the API, signed with the key that the stack has drawn: node token.mjs [name]
import { createHmac } from "node:crypto";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

const LIFE_SECONDS = 3600;
const local = {
  endpoint: process.env.AWS_ENDPOINT_URL ?? "http://127.0.0.1:4566",
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
};
const { SecretString: key } = await new SecretsManagerClient(local).send(
  new GetSecretValueCommand({ SecretId: "document-assistant/token-key" }),
);
const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = { sub: process.argv[2] ?? "me", exp: Math.floor(Date.now() / 1000) + LIFE_SECONDS };
const signed = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
process.stdout.write(`${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}\n`);
