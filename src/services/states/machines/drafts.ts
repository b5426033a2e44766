/** What CreateStateMachine and UpdateStateMachine are given, and whether AWS would take it. */
import { AwsError } from "../../kit/aws-error.js";
import { booleanMember, stringMember, Violations } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import type { LoggingConfiguration, MachineType } from "../admin.js";
import type { RunContext } from "../run-context.js";
import { statesError } from "../errors.js";
import { checkName, machineArn } from "../executions/names.js";
import { nameMember, tagsMember, checkTagCount } from "../operations/input.js";
import type { EncryptionConfiguration, Revision, Tags } from "../rows.js";
import { refusalOf } from "../validation/answers.js";
import { validateDefinition } from "../validation/validate-definition.js";
import { checkLogging, encryptionMember, loggingMember, NO_LOGGING, OWN_KEY, tracingMember } from "./configurations.js";

const TYPES = ["STANDARD", "EXPRESS"] as const;
const MAX_DEFINITION_LENGTH = 1_048_576;
const MAX_ROLE_LENGTH = 256;
const MAX_DESCRIPTION_LENGTH = 256;
const ROLE = /^arn:aws[\w-]*:iam::\d{12}:role\/.+$/;

/** A machine before it is one. */
export interface MachineDraft {
  readonly name: string;
  readonly type: MachineType;
  readonly definition: string;
  readonly roleArn: string;
  readonly logging: LoggingConfiguration;
  readonly tracing: boolean;
  readonly encryption: EncryptionConfiguration;
  readonly tags: Tags;
}

/** What is undefined stays as it is. */
export type MachineChange = {
  readonly [K in "definition" | "roleArn" | "logging" | "tracing" | "encryption"]: Revision[K] | undefined;
};

export interface Publishing {
  readonly publish: boolean;
  readonly description: string | undefined;
}

export function readDraft(input: JsonObject): MachineDraft {
  const violations = new Violations();
  const name = nameMember(input, violations);
  const definition = definitionMember(input, violations);
  const roleArn = roleMember(input, violations);
  const type = stringMember(input, "type") ?? "STANDARD";
  violations.required(name, "name");
  violations.required(definition, "definition");
  violations.required(roleArn, "roleArn");
  violations.oneOf(type, "type", TYPES);
  violations.check();
  return {
    name: name ?? "",
    type: type as MachineType,
    definition: definition ?? "",
    roleArn: roleArn ?? "",
    logging: loggingMember(input) ?? NO_LOGGING,
    tracing: tracingMember(input) ?? false,
    encryption: encryptionMember(input) ?? OWN_KEY,
    tags: tagsMember(input),
  };
}

export function readChange(input: JsonObject): MachineChange {
  const violations = new Violations();
  const definition = definitionMember(input, violations);
  const roleArn = roleMember(input, violations);
  violations.check();
  const logging = loggingMember(input);
  const tracing = tracingMember(input);
  const encryption = encryptionMember(input);
  if ([definition, roleArn, logging, tracing, encryption].every((value) => value === undefined))
    throw statesError.nothingToUpdate();
  return { definition, roleArn, logging, tracing, encryption };
}

export function readPublishing(input: JsonObject): Publishing {
  const publish = booleanMember(input, "publish") ?? false;
  const description = descriptionMember(input, "versionDescription");
  if (description !== undefined && !publish)
    throw statesError.validation("Version description can only be set when publish is true");
  return { publish, description };
}

/** Descriptions are never repeated in a refusal. */
export function descriptionMember(input: JsonObject, name: string): string | undefined {
  const description = stringMember(input, name);
  const violations = new Violations();
  if (description !== undefined && description.length > MAX_DESCRIPTION_LENGTH)
    violations.addHidden(name, `Member must have length less than or equal to ${MAX_DESCRIPTION_LENGTH}`);
  violations.check();
  return description;
}

export async function checkDraft(draft: MachineDraft, context: RunContext): Promise<void> {
  checkName(draft.name);
  checkRole(draft.roleArn);
  checkDefinition(draft.definition, draft.type);
  await checkLogging(draft.logging, context);
  checkTagCount(draft.tags, machineArn(context.realm, draft.name));
}

export async function checkChange(change: MachineChange, type: MachineType, context: RunContext): Promise<void> {
  if (change.roleArn !== undefined) checkRole(change.roleArn);
  if (change.definition !== undefined) checkDefinition(change.definition, type);
  if (change.logging !== undefined) await checkLogging(change.logging, context);
}

function checkRole(roleArn: string): void {
  if (!ROLE.test(roleArn)) throw statesError.invalidArnPrefix(roleArn);
}

function checkDefinition(definition: string, type: MachineType): void {
  const refusal = refusalOf(validateDefinition(definition, type));
  if (refusal !== undefined) throw new AwsError("InvalidDefinition", refusal);
}

function definitionMember(input: JsonObject, violations: Violations): string | undefined {
  const definition = stringMember(input, "definition");
  const length = definition?.length ?? 1;
  // As with all that may hold data, the value is not repeated.
  if (length > MAX_DEFINITION_LENGTH)
    violations.addHidden("definition", `Member must have length less than or equal to ${MAX_DEFINITION_LENGTH}`);
  if (length === 0) violations.addHidden("definition", "Member must have length greater than or equal to 1");
  return definition;
}

function roleMember(input: JsonObject, violations: Violations): string | undefined {
  const roleArn = stringMember(input, "roleArn");
  violations.length(roleArn, "roleArn", 1, MAX_ROLE_LENGTH);
  return roleArn;
}
