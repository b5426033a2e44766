/** PutParameter. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html */
import type { Clock } from "../../shared/clock.js";
import { booleanMember, objectListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { alreadyExists, invalidPattern, patternMismatch, typeMismatch, validation, versionLimit } from "./errors.js";
import { checkNewName } from "./names.js";
import {
  latestOf,
  type ParameterRow,
  type ParameterStore,
  type ParameterType,
  type Tier,
  type VersionRow,
} from "./store.js";

const TYPES = ["String", "StringList", "SecureString"] as const;
const TIERS = ["Standard", "Advanced", "Intelligent-Tiering"] as const;
const DATA_TYPES = ["text", "aws:ec2:image", "aws:ssm:integration"];
const MAX_CHARACTERS = { Standard: 4096, Advanced: 8192 } as const;
const MAX_VERSIONS = 100;

export interface NewParameter {
  readonly name: string;
  readonly value: string;
  readonly type: ParameterType | undefined;
  readonly overwrite: boolean;
  readonly tier: (typeof TIERS)[number] | undefined;
  readonly description: string | undefined;
  readonly keyId: string | undefined;
  readonly allowedPattern: string | undefined;
  readonly dataType: string | undefined;
  readonly tags: ParameterRow["tags"] | undefined;
  readonly modifiedBy: string;
}

export function newParameterOf(input: JsonObject, modifiedBy: string): NewParameter {
  const value = stringMember(input, "Value");
  const type = stringMember(input, "Type");
  const tier = stringMember(input, "Tier");
  const description = stringMember(input, "Description");
  const allowedPattern = stringMember(input, "AllowedPattern");
  const violations = new Violations();
  violations.required(value, "value");
  violations.length(value, "value", 1, Number.MAX_SAFE_INTEGER);
  violations.oneOf(type, "type", TYPES);
  violations.oneOf(tier, "tier", TIERS);
  violations.length(description, "description", 0, 1024);
  violations.length(allowedPattern, "allowedPattern", 0, 1024);
  violations.check();
  if (input["Policies"] !== undefined && input["Policies"] !== "") {
    throw validation("Parameter policies are not emulated by lambda-run.");
  }
  return {
    name: checkNewName(stringMember(input, "Name")),
    value: value ?? "",
    type: type as ParameterType | undefined,
    overwrite: booleanMember(input, "Overwrite") ?? false,
    tier: tier as NewParameter["tier"],
    description,
    keyId: stringMember(input, "KeyId"),
    allowedPattern: allowedPattern === "" ? undefined : allowedPattern,
    dataType: stringMember(input, "DataType"),
    tags: tagsOf(input),
    modifiedBy,
  };
}

export function tagsOf(input: JsonObject): ParameterRow["tags"] | undefined {
  const list = objectListMember(input, "Tags");
  if (list === undefined) return undefined;
  const violations = new Violations();
  const tags = list.map((entry, index) => {
    const key = stringMember(entry, "Key");
    const value = stringMember(entry, "Value");
    violations.required(key, `tags.${index + 1}.member.key`);
    violations.length(key, `tags.${index + 1}.member.key`, 1, 128);
    violations.required(value, `tags.${index + 1}.member.value`);
    violations.length(value, `tags.${index + 1}.member.value`, 0, 256);
    return { Key: key ?? "", Value: value ?? "" };
  });
  violations.check();
  return tags;
}

export function putParameter(store: ParameterStore, clock: Clock, given: NewParameter): Promise<JsonObject> {
  return store.write(() => {
    const existing = store.find(given.name);
    if (existing !== undefined && !given.overwrite) throw alreadyExists();
    if (given.overwrite && given.tags !== undefined && given.tags.length > 0) {
      throw validation(
        "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
      );
    }
    const type = given.type ?? existing?.type;
    if (type === undefined) throw validation("A parameter type is required when you create a parameter.");
    if (existing !== undefined && existing.type !== type) throw typeMismatch();
    const version = newVersion(given, type, existing, clock.now());
    const kept = existing === undefined ? [] : withRoom(store, existing);
    const [first, ...rest] = [...kept, version];
    store.put({
      name: given.name,
      type,
      tags: existing?.tags ?? given.tags ?? [],
      versions: [first, ...rest],
    });
    store.putValue(given.name, version.version, given.value);
    return { Version: version.version, Tier: version.tier };
  });
}

function newVersion(
  given: NewParameter,
  type: ParameterType,
  existing: ParameterRow | undefined,
  nowMs: number,
): VersionRow {
  const former = existing === undefined ? undefined : latestOf(existing);
  const dataType = given.dataType ?? "text";
  if (!DATA_TYPES.includes(dataType)) {
    throw validation(`The following data type is not supported: ${dataType} (Data type names are all lowercase.)`);
  }
  if (given.keyId !== undefined && type !== "SecureString") {
    throw validation("KeyId is required for SecureString type parameter only.");
  }
  if (given.allowedPattern !== undefined) checkPattern(given.allowedPattern, given.value);
  const description = given.description ?? former?.description;
  const keyId = type === "SecureString" ? (given.keyId ?? former?.keyId ?? "alias/aws/ssm") : undefined;
  return {
    version: (former?.version ?? 0) + 1,
    modifiedMs: nowMs,
    modifiedBy: given.modifiedBy,
    ...(description === undefined ? {} : { description }),
    ...(keyId === undefined ? {} : { keyId }),
    ...(given.allowedPattern === undefined ? {} : { allowedPattern: given.allowedPattern }),
    tier: tierOf(given, former?.tier),
    dataType,
    labels: [],
  };
}

function tierOf({ value, tier }: NewParameter, former: Tier | undefined): Tier {
  if (former === "Advanced" && tier === "Standard") {
    throw validation(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.",
    );
  }
  const automatic = value.length > MAX_CHARACTERS.Standard ? "Advanced" : "Standard";
  const chosen = former === "Advanced" ? "Advanced" : tier === "Intelligent-Tiering" ? automatic : (tier ?? "Standard");
  if (value.length > MAX_CHARACTERS[chosen]) {
    const limit = `${chosen} tier parameters support a maximum parameter value of ${MAX_CHARACTERS[chosen]} characters.`;
    throw validation(
      chosen === "Advanced"
        ? limit
        : `${limit} To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html`,
    );
  }
  return chosen;
}

function checkPattern(pattern: string, value: string): void {
  let regex: RegExp;
  try {
    regex = new RegExp(`^(?:${pattern})$`, "s");
  } catch {
    throw invalidPattern(pattern);
  }
  if (!regex.test(value)) throw patternMismatch(pattern);
}

/** A hundred versions are kept; the oldest goes, unless a label holds it. */
function withRoom(store: ParameterStore, row: ParameterRow): readonly VersionRow[] {
  if (row.versions.length < MAX_VERSIONS) return row.versions;
  const [oldest, ...kept] = row.versions;
  const [label] = oldest.labels;
  if (label !== undefined) throw versionLimit(row.name, label);
  store.removeValue(row.name, oldest.version);
  return kept;
}
