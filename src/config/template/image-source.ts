/**
 * The image of a function with `PackageType: Image`: given by its URI, or built as `sam build` does from `Metadata`,
 * in SAM's words or those of a CDK asset.
 * AWS SAM developer guide, "Building Lambda functions with container images"; Lambda API, "ImageConfig".
 */
import { resolve as resolvePath } from "node:path";
import type { CodeSource, ImageBuild } from "../function-config.js";
import type { JsonObject } from "../json.js";
import type { BuildContext } from "./build-context.js";
import { definedOf } from "./code-source.js";
import { refuse } from "./property.js";
import type { TemplateResource } from "./resource.js";

export interface ImageDeclaration {
  readonly resource: TemplateResource;
  readonly context: BuildContext;
  readonly metadata: JsonObject;
  readonly config:
    | {
        readonly Command?: readonly string[] | undefined;
        readonly EntryPoint?: readonly string[] | undefined;
        readonly WorkingDirectory?: string | undefined;
      }
    | undefined;
  /** Empty when the template names none. */
  readonly uri: string;
}

export function imageOf({ resource, context, metadata, config, uri }: ImageDeclaration): CodeSource {
  const build = buildOf(resource, context, metadata);
  if (uri === "" && build === undefined) {
    throw refuse(
      { resource, scope: context.scope, path: [] },
      `${resource.logicalId} has neither ImageUri nor Metadata.Dockerfile`,
      undefined,
      "Add one of them.",
    );
  }
  return {
    kind: "image",
    uri: uri === "" ? (build?.tag ?? "") : uri,
    ...definedOf({
      build,
      command: config?.Command,
      entryPoint: config?.EntryPoint,
      workingDirectory: config?.WorkingDirectory,
    }),
  };
}

function buildOf(
  { logicalId }: TemplateResource,
  { baseFolder, exists, scope }: BuildContext,
  metadata: JsonObject,
): ImageBuild | undefined {
  const of = (sam: string, cdk: string): unknown => metadata[sam] ?? metadata[`aws:asset:${cdk}`];
  const dockerfile = textOf(of("Dockerfile", "dockerfile-path"));
  if (dockerfile === undefined) return undefined;
  const context = resolvePath(baseFolder, textOf(of("DockerContext", "path")) ?? ".");
  const path = resolvePath(context, dockerfile);
  if (!exists(path)) scope.problems.notice(`${logicalId} cannot be invoked: its Dockerfile is not at ${path}.`);
  return {
    context,
    dockerfile,
    tag: `${logicalId.toLowerCase()}:${textOf(metadata["DockerTag"]) ?? "latest"}`,
    ...definedOf({
      target: textOf(of("DockerBuildTarget", "docker-build-target")),
      args: argumentsOf(of("DockerBuildArgs", "docker-build-args")),
    }),
  };
}

function argumentsOf(value: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value) : undefined;
