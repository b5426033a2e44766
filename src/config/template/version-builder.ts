/**
 * What a template publishes of its functions: AWS::Lambda::Version and AWS::Lambda::Alias.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-alias.html
 */
import * as z from "zod";
import type { Published, PublishedAlias } from "../function-config.js";
import { functionTargetOf } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import { ignored, list, number, readProperties, text } from "./property.js";

/** The number that a stack's first version gets: what Ref of a version says, too. */
export const FIRST_VERSION = "1";

const versionProperties = z.object({
  FunctionName: text(),
  ...ignored("CodeSha256", "Description", "FunctionScalingConfig", "ProvisionedConcurrencyConfig", "RuntimePolicy"),
});

export const buildVersion: Builder = (resource, context) => {
  const { FunctionName } = readProperties(resource, versionProperties, context.scope);
  publish(FunctionName, { versions: [FIRST_VERSION], aliases: [] }, context);
};

const aliasProperties = z.object({
  FunctionName: text(),
  FunctionVersion: text(),
  Name: text(),
  Description: text().default(""),
  RoutingConfig: z
    .object({ AdditionalVersionWeights: list(z.object({ FunctionVersion: text(), FunctionWeight: number() })) })
    .optional(),
  ...ignored("ProvisionedConcurrencyConfig"),
});

export const buildAlias: Builder = (resource, context) => {
  // That of AutoPublishAlias is built with the function.
  if (resource.implicit) return;
  const properties = readProperties(resource, aliasProperties, context.scope);
  const { FunctionVersion: version, RoutingConfig } = properties;
  const others = RoutingConfig?.AdditionalVersionWeights ?? [];
  const alias: PublishedAlias = {
    name: properties.Name,
    version,
    description: properties.Description,
    weights: Object.fromEntries(others.map(({ FunctionVersion, FunctionWeight }) => [FunctionVersion, FunctionWeight])),
  };
  // A number that no version of the template has was published elsewhere: here it is the source as it is now, as all are.
  const versions = [version, ...Object.keys(alias.weights)].filter((number) => number !== "$LATEST");
  publish(properties.FunctionName, { versions, aliases: [alias] }, context);
};

/** Runs after the functions are built. */
function publish(functionName: string, { versions, aliases }: Published, context: BuildContext): void {
  const { functions } = context.draft;
  const id = functionTargetOf(functionName, context)?.functionId;
  const index = functions.findIndex(({ logicalId }) => logicalId === id);
  const fn = functions[index];
  if (fn === undefined) return;
  const published = {
    versions: [...new Set([...(fn.published?.versions ?? []), ...versions])],
    aliases: [...(fn.published?.aliases ?? []), ...aliases],
  };
  functions[index] = { ...fn, published };
}

/** `AutoPublishAlias` */
export function autoPublished(alias: string | undefined): Published | undefined {
  if (alias === undefined) return undefined;
  return {
    versions: [FIRST_VERSION],
    aliases: [{ name: alias, version: FIRST_VERSION, description: "", weights: {} }],
  };
}
