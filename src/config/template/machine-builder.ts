/**
 * State machines of Step Functions, their versions and aliases, and activities.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-statemachine.html
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
 */
import { resolve as resolvePath } from "node:path";
import * as z from "zod";
import type { StateMachineConfig } from "../application.js";
import { jsonFault } from "../json-fault.js";
import { jsonText } from "../json.js";
import type { Json } from "../json.js";
import { didYouMean } from "../nearest.js";
import { identify } from "./build-context.js";
import type { BuildContext, Builder } from "./build-context.js";
import { buildEvents } from "./event-builder.js";
import { placeOf, plainOf } from "./node.js";
import type { Position } from "./node.js";
import { parseTemplate } from "./parse.js";
import {
  flag,
  ignored,
  json,
  jsonObject,
  list,
  oneOf,
  readProperties,
  refuse,
  tags,
  text,
  textMap,
} from "./property.js";
import type { TemplateResource } from "./resource.js";

const logging = z
  .looseObject({
    Level: oneOf(["ALL", "ERROR", "FATAL", "OFF"]).default("OFF"),
    IncludeExecutionData: flag().default(false),
    Destinations: list(
      z.looseObject({ CloudWatchLogsLogGroup: z.looseObject({ LogGroupArn: text() }).optional() }),
    ).default([]),
  })
  .optional();
const tracing = z.looseObject({ Enabled: flag().default(false) }).optional();
const machineType = oneOf(["STANDARD", "EXPRESS"]).optional();

const samMachine = z.object({
  Name: text().optional(),
  Type: machineType,
  Definition: jsonObject().optional(),
  DefinitionUri: json().optional(),
  DefinitionSubstitutions: textMap().default({}),
  Logging: logging,
  Tracing: tracing,
  Role: text().optional(),
  Tags: tags().default({}),
  Events: jsonObject().optional(),
  AutoPublishAlias: text().optional(),
  ...ignored("DeploymentPreference", "PermissionsBoundary", "Policies", "PropagateTags", "RolePath"),
  ...ignored("UseAliasAsEventTarget"),
});

const plainMachine = z.object({
  StateMachineName: text().optional(),
  StateMachineType: machineType,
  Definition: jsonObject().optional(),
  DefinitionString: text().optional(),
  DefinitionS3Location: json().optional(),
  DefinitionSubstitutions: textMap().default({}),
  LoggingConfiguration: logging,
  TracingConfiguration: tracing,
  RoleArn: text(),
  Tags: tags().default({}),
  ...ignored("EncryptionConfiguration"),
});

export const buildSamMachine: Builder = (resource, context) => {
  const given = readProperties(resource, samMachine, context.scope);
  const definition = definitionOf(resource, context, given.DefinitionSubstitutions, {
    object: given.Definition,
    location: ["DefinitionUri", given.DefinitionUri],
  });
  if (definition === undefined) return;
  const { scope } = context;
  const ownRole = scope.resources.has(`${resource.logicalId}Role`);
  context.draft.stateMachines.push({
    ...identify(resource, context),
    type: given.Type ?? "STANDARD",
    ...definition,
    roleArn:
      given.Role ?? (ownRole ? scope.attribute(`${resource.logicalId}Role`, "Arn", scope.usageOf(resource)) : ""),
    ...loggingOf(given.Logging),
    tracing: given.Tracing?.Enabled ?? false,
    tags: given.Tags,
    published: given.AutoPublishAlias === undefined ? undefined : { aliases: [given.AutoPublishAlias] },
  });
  buildEvents(resource, context);
};

export const buildPlainMachine: Builder = (resource, context) => {
  const given = readProperties(resource, plainMachine, context.scope);
  const definition = definitionOf(resource, context, given.DefinitionSubstitutions, {
    object: given.Definition,
    text: given.DefinitionString,
    location: ["DefinitionS3Location", given.DefinitionS3Location],
  });
  if (definition === undefined) return;
  context.draft.stateMachines.push({
    ...identify(resource, context),
    type: given.StateMachineType ?? "STANDARD",
    ...definition,
    roleArn: given.RoleArn,
    ...loggingOf(given.LoggingConfiguration),
    tracing: given.TracingConfiguration?.Enabled ?? false,
    tags: given.Tags,
    published: undefined,
  });
};

function loggingOf(given: z.output<typeof logging>): Pick<StateMachineConfig, "logging"> {
  const groups = (given?.Destinations ?? []).flatMap((one) => one.CloudWatchLogsLogGroup?.LogGroupArn ?? []);
  const level = given?.Level ?? "OFF";
  return { logging: { level, includeExecutionData: given?.IncludeExecutionData ?? false, logGroupArns: groups } };
}

interface DefinitionParts {
  readonly object: Json | undefined;
  readonly text?: string | undefined;
  readonly location: readonly [property: string, value: Json | undefined];
}

/** The definition as JSON text, and where it stands. Undefined when it is on no disk of this machine: that is announced. */
function definitionOf(
  resource: TemplateResource,
  context: BuildContext,
  substitutions: Readonly<Record<string, string>>,
  { object, text: written, location: [property, location] }: DefinitionParts,
): Pick<StateMachineConfig, "definition" | "definedAt"> | undefined {
  const { scope } = context;
  const { logicalId } = resource;
  const places = [
    ...(object === undefined ? [] : ["Definition"]),
    ...(written === undefined ? [] : ["DefinitionString"]),
    ...(location === undefined ? [] : [property]),
  ];
  const [place] = places;
  if (place === undefined)
    throw refuse(
      { resource, scope, path: [] },
      `The state machine ${logicalId} has no definition`,
      `Either 'Definition' or '${property}' property must be specified.`,
      `Add ${property} with the path of a definition file, or Definition.`,
    );
  if (places.length > 1)
    throw refuse(
      { resource, scope, path: [places[1] ?? place] },
      `The state machine ${logicalId} has more than one definition: ${places.join(", ")}`,
      `Specify either '${place}' or '${places[1]}' property and not both.`,
      "Leave one of them.",
    );
  const at = placeOf(scope.propertiesOf(resource).node, [place]);
  const inTemplate = `${scope.problems.place(at)} (Resources.${logicalId}.Properties.${place})`;
  const source = { resource, context, place, substitutions };
  if (object !== undefined) return { definition: substituted(JSON.stringify(object), source), definedAt: inTemplate };
  if (written !== undefined)
    return { definition: checked(substituted(written, source), source, at), definedAt: inTemplate };
  return fromFile(source, location);
}

interface Source {
  readonly resource: TemplateResource;
  readonly context: BuildContext;
  readonly place: string;
  readonly substitutions: Readonly<Record<string, string>>;
}

function fromFile(
  source: Source,
  location: Json | undefined,
): Pick<StateMachineConfig, "definition" | "definedAt"> | undefined {
  const { context, place, resource } = source;
  const { problems } = context.scope;
  if (typeof location !== "string" || location.startsWith("s3://")) {
    problems.notice(
      `${resource.logicalId} cannot be started: its definition is not on this machine (${jsonText(location)}).`,
    );
    return undefined;
  }
  const file = resolvePath(context.baseFolder, location);
  const raw = context.readText(file);
  if (raw === undefined)
    throw refuse(
      { resource, scope: context.scope, path: [place] },
      `The definition of ${resource.logicalId} is not there: ${location}`,
      `no file ${file}`,
      `Write the definition there, or mend ${place}: it starts at the folder of the template.`,
    );
  // Substitutions come before parsing: many files are no valid JSON without them.
  const filled = substituted(raw, source);
  const definedAt = problems.place({ file, line: 1, column: 1 }).replace(/:1:1$/, "");
  if (/\.ya?ml$/.test(file)) return { definition: JSON.stringify(plainOf(parseTemplate(filled, file))), definedAt };
  return { definition: checked(filled, source, { file, line: 1, column: 1 }), definedAt };
}

/** Refuses what is no JSON object, with the place of the fault where the text stands in a file of its own. */
function checked(definition: string, { context, place, resource }: Source, start: Position): string {
  const { scope } = context;
  const fault = jsonFault(definition);
  if (fault === undefined) return definition;
  const isFile = start.file !== scope.usageOf(resource).at.file;
  throw scope.problems.value({
    at: isFile ? { file: start.file, line: fault.line, column: fault.column } : start,
    path: ["Resources", resource.logicalId, "Properties", place],
    what: `The definition of ${resource.logicalId} is not valid JSON: ${fault.message}`,
    why: isFile ? undefined : `line ${fault.line}, column ${fault.column} of the text`,
    fix: isFile
      ? "Mend it; a definition in YAML has to end in .yaml or .yml."
      : "Mend it, or write it as a map under Definition.",
  });
}

const PLACEHOLDER = /\$\{([\w.-]+)\}/g;

/**
 * `${Name}` for each substitution. AWS leaves others as they are, where they name no function and no queue: that is said.
 * A JSONata template may hold `${...}` of its own.
 */
function substituted(definition: string, { context, resource, substitutions }: Source): string {
  const unknown = new Set<string>();
  const filled = definition.replace(PLACEHOLDER, (whole, name: string) => {
    const value = substitutions[name];
    if (value === undefined) unknown.add(name);
    return value ?? whole;
  });
  for (const name of unknown)
    context.scope.problems.notice(
      `${resource.logicalId}: \${${name}} in the definition is in no DefinitionSubstitutions and stays as it is.${didYouMean(name, Object.keys(substitutions))}`,
    );
  return filled;
}

const versionProperties = z.object({ StateMachineArn: text(), ...ignored("Description", "StateMachineRevisionId") });

/** AWS::StepFunctions::StateMachineVersion. That of AutoPublishAlias is built with the machine. */
export const buildMachineVersion: Builder = (resource, context) => {
  if (resource.implicit) return;
  const { StateMachineArn } = readProperties(resource, versionProperties, context.scope);
  publish(StateMachineArn, [], context);
};

const aliasProperties = z.object({
  Name: text(),
  RoutingConfiguration: list(z.looseObject({ StateMachineVersionArn: text() })).optional(),
  DeploymentPreference: z.looseObject({ StateMachineVersionArn: text() }).optional(),
  ...ignored("Description"),
});

/** AWS::StepFunctions::StateMachineAlias: all of it goes to the newest version, the only one that a template has. */
export const buildMachineAlias: Builder = (resource, context) => {
  if (resource.implicit) return;
  const given = readProperties(resource, aliasProperties, context.scope);
  const [route] = given.RoutingConfiguration ?? [];
  const versionArn = (given.DeploymentPreference ?? route)?.StateMachineVersionArn ?? "";
  publish(versionArn.replace(/:[^:]*$/, ""), [given.Name], context);
};

/** Runs after the machines are built. */
function publish(arn: string, aliases: readonly string[], { draft: { stateMachines } }: BuildContext): void {
  const index = stateMachines.findIndex((machine) => machine.arn === arn);
  const machine = stateMachines[index];
  if (machine === undefined) return;
  const published = { aliases: [...(machine.published?.aliases ?? []), ...aliases] };
  stateMachines[index] = { ...machine, published };
}

const activityProperties = z.object({ Name: text(), ...ignored("EncryptionConfiguration", "Tags") });

/** AWS::StepFunctions::Activity */
export const buildActivity: Builder = (resource, context) => {
  readProperties(resource, activityProperties, context.scope);
  context.draft.activities.push(identify(resource, context));
};
