/**
 * Replaces `{{resolve:secretsmanager:...}}` and `{{resolve:ssm:...}}` in a function's variables when an environment of
 * it is started, as CloudFormation does when it deploys.
 */
import { hasDynamicReference, resolveDynamicReferences, type DynamicReference } from "../config/dynamic-reference.js";
import type { FunctionConfig } from "../config/function-config.js";
import type { Gateway } from "../services/gateway.js";
import type { SecretsService } from "../services/secrets/index.js";
import type { SsmService } from "../services/ssm/index.js";
import { AppError, messageOf } from "../shared/errors.js";

/** The function with its variables filled in. Throws LR2003 naming the variable that cannot be. */
export async function withReferences(fn: FunctionConfig, gateway: Gateway): Promise<FunctionConfig> {
  const environment: Record<string, string> = { ...fn.environment };
  for (const [name, value] of Object.entries(environment)) {
    if (!hasDynamicReference(value)) continue;
    try {
      environment[name] = await resolveDynamicReferences(value, (reference) => lookUp(reference, gateway));
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

async function lookUp(reference: DynamicReference, gateway: Gateway): Promise<string> {
  if (reference.kind === "ssm") {
    const ssm = (await gateway.service("ssm")) as SsmService;
    return ssm.parameterValue(
      reference.version === undefined ? reference.name : `${reference.name}:${reference.version}`,
    );
  }
  const secrets = (await gateway.service("secretsmanager")) as SecretsService;
  const text = await secrets.secretString(reference.secretId, reference.versionStage);
  if (reference.jsonKey === undefined) return text;
  const value = (JSON.parse(text) as Record<string, unknown>)[reference.jsonKey];
  if (typeof value !== "string") throw new Error(`the secret has no text under "${reference.jsonKey}"`);
  return value;
}
