/**
 * Authorizer of the API: a bearer token (JWT, HS256) whose key lies in Secrets Manager.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 */
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { APIGatewayAuthorizerResult, APIGatewayTokenAuthorizerEvent } from "aws-lambda";
import { log } from "../shared/log.js";
import { required } from "../shared/settings.js";
import { verifyToken, type Claims } from "./token.js";

const KEY_TTL_MS = 300_000;

const secretId = required("TOKEN_KEY_SECRET");
const secrets = new SecretsManagerClient({ maxAttempts: 3 });
let cached: { readonly key: string; readonly untilMs: number } | undefined;

export const handler = async ({
  authorizationToken,
  methodArn,
}: APIGatewayTokenAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
  const [scheme, token = ""] = authorizationToken.split(" ");
  // Not inside: that the key cannot be read is a 500, and no fault of the token.
  const tokenKey = await key();
  let claims: Claims;
  try {
    if (scheme?.toLowerCase() !== "bearer") throw new Error("it is no bearer token");
    claims = verifyToken(token, tokenKey, Date.now());
  } catch (error) {
    log("WARN", "a token is refused", { reason: (error as Error).message });
    // The one message that API Gateway answers with 401.
    throw new Error("Unauthorized", { cause: error });
  }
  return {
    principalId: claims.sub,
    policyDocument: {
      Version: "2012-10-17",
      // The whole stage: the answer is cached for the token, whatever it asks for next.
      Statement: [
        { Action: "execute-api:Invoke", Effect: "Allow", Resource: methodArn.split("/").slice(0, 2).join("/") + "/*" },
      ],
    },
    context: { user: claims.sub },
  };
};

async function key(): Promise<string> {
  if (cached !== undefined && cached.untilMs > Date.now()) return cached.key;
  const { SecretString = "" } = await secrets.send(new GetSecretValueCommand({ SecretId: secretId }));
  if (SecretString === "") throw new Error("the key is empty");
  cached = { key: SecretString, untilMs: Date.now() + KEY_TTL_MS };
  return SecretString;
}
