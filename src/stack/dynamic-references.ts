/**
 * Replaces `{{resolve:secretsmanager:...}}` and `{{resolve:ssm:...}}` in a function's variables when an environment of
 * it is started, as CloudFormation does when it deploys.
 */
import { hasDynamicReference, resolveDynamicReferences, type DynamicReference } from "../config/dynamic-reference.js";
import type { FunctionConfig } from "../config/function-config.js";
import type { Gateway } from "../services/gateway.js";
import type { SecretsService } from "../services/secrets/index.js";
import type { SsmService } from "../services/ssm/index.js";
import { clientOptions, type ServiceAddress } from "./backends/endpoints.js";
import { AppError, messageOf } from "../shared/errors.js";

/** How a value is looked up. */
export type LookUp = (reference: DynamicReference) => Promise<string>;

/** The function with its variables filled in. Throws LR2003 naming the variable that cannot be. */
export async function withReferences(fn: FunctionConfig, lookUp: LookUp): Promise<FunctionConfig> {
  const environment: Record<string, string> = { ...fn.environment };
  for (const [name, value] of Object.entries(environment)) {
    if (!hasDynamicReference(value)) continue;
    try {
      environment[name] = await resolveDynamicReferences(value, lookUp);
    } catch (error) {
      throw new AppError("LR2003", {
        what: `The variable ${name} of ${fn.logicalId} refers to a value that is not there`,
        where: value,
        why: messageOf(error),
        fix: "Declare the secret or parameter in the template, or override the variable with --env.",
        cause: error,
      });
    }
  }
  return { ...fn, environment };
}

export const needsReferences = (fn: FunctionConfig): boolean => Object.values(fn.environment).some(hasDynamicReference);

/** In this process's own services. */
export function lookUpIn(gateway: Gateway): LookUp {
  return async (reference) => {
    if (reference.kind === "ssm")
      return ((await gateway.service("ssm")) as SsmService).parameterValue(parameterId(reference));
    const secrets = (await gateway.service("secretsmanager")) as SecretsService;
    return memberOf(secrets.secretString(reference.secretId, reference.versionStage), reference.jsonKey);
  };
}

/** In the services of a stack that another process runs, on another server or on AWS, through the SDK. */
export function lookUpAt(address: ServiceAddress): LookUp {
  const clientConfig = clientOptions(address);
  return async (reference) => {
    if (reference.kind === "ssm") {
      const { GetParameterCommand, SSMClient } = await import("@aws-sdk/client-ssm");
      const { Parameter } = await new SSMClient(clientConfig).send(
        new GetParameterCommand({ Name: parameterId(reference), WithDecryption: true }),
      );
      return Parameter?.Value ?? "";
    }
    const { GetSecretValueCommand, SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
    const { SecretString = "" } = await new SecretsManagerClient(clientConfig).send(
      new GetSecretValueCommand({
        SecretId: reference.secretId,
        ...(reference.versionStage === undefined ? {} : { VersionStage: reference.versionStage }),
      }),
    );
    return memberOf(SecretString, reference.jsonKey);
  };
}

function parameterId({ name, version }: Extract<DynamicReference, { kind: "ssm" }>): string {
  return version === undefined ? name : `${name}:${version}`;
}

function memberOf(secret: string, jsonKey: string | undefined): string {
  if (jsonKey === undefined) return secret;
  const value = (JSON.parse(secret) as Record<string, unknown>)[jsonKey];
  if (typeof value !== "string") throw new Error(`the secret has no text under "${jsonKey}"`);
  return value;
}
