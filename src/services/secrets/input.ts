/** Checks of what a request to Secrets Manager carries, before anything is looked up. */
import { booleanMember, numberMember, objectListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { invalidName, invalidParameter, invalidRequest, tokenRequired } from "./errors.js";
import type { PasswordOptions } from "./password.js";
import type { SecretValue, Tag } from "./store.js";

const MAX_NAME_LENGTH = 512;
const MAX_SECRET_ID_LENGTH = 2048;
const MAX_VALUE_BYTES = 65_536;
const TOKEN_LENGTH = { min: 32, max: 64 };
const MAX_DESCRIPTION_LENGTH = 2048;
const MAX_PASSWORD_LENGTH = 4096;
export const MAX_TAGS = 50;
const NAME = /^[A-Za-z0-9/_+=.@!-]+$/;

export function secretIdOf(input: JsonObject): string {
  const id = stringMember(input, "SecretId");
  const violations = new Violations();
  violations.required(id, "secretId");
  violations.length(id, "secretId", 1, MAX_SECRET_ID_LENGTH);
  violations.check();
  const text = id ?? "";
  if (!text.startsWith("arn:") && !NAME.test(text)) throw invalidName();
  return text;
}

export function newNameOf(input: JsonObject): string {
  const name = stringMember(input, "Name");
  const violations = new Violations();
  violations.required(name, "name");
  violations.length(name, "name", 1, MAX_NAME_LENGTH);
  violations.check();
  if (name === undefined || !NAME.test(name)) throw invalidName();
  return name;
}

/** SDKs fill it in; a bare HTTP client must send it (recorded on AWS). */
export function requestTokenOf(input: JsonObject): string {
  const token = stringMember(input, "ClientRequestToken");
  if (token === undefined || token === "") throw tokenRequired();
  if (token.length < TOKEN_LENGTH.min || token.length > TOKEN_LENGTH.max) {
    throw invalidParameter(`ClientRequestToken must be ${TOKEN_LENGTH.min}-${TOKEN_LENGTH.max} characters long.`);
  }
  return token;
}

export function valueOf(input: JsonObject): SecretValue | undefined {
  const text = stringMember(input, "SecretString");
  const binary = stringMember(input, "SecretBinary");
  if (text !== undefined && binary !== undefined) {
    throw invalidParameter(
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  if (text !== undefined) {
    if (text === "") throw invalidRequest("You must provide either SecretString or SecretBinary.");
    refuseLong(Buffer.byteLength(text), "secretString");
    return { text };
  }
  if (binary === undefined) return undefined;
  if (binary === "") throw invalidRequest("You must provide either SecretString or SecretBinary.");
  refuseLong(Buffer.from(binary, "base64").length, "secretBinary");
  return { binary };
}

/** The value is never shown, so the text has no quotation, as on AWS. */
function refuseLong(sizeBytes: number, at: string): void {
  if (sizeBytes <= MAX_VALUE_BYTES) return;
  const violations = new Violations();
  violations.addHidden(at, `Member must have length less than or equal to ${MAX_VALUE_BYTES}`);
  violations.check();
}

export function descriptionOf(input: JsonObject): string | undefined {
  const description = stringMember(input, "Description");
  const violations = new Violations();
  violations.length(description, "description", 0, MAX_DESCRIPTION_LENGTH);
  violations.check();
  return description;
}

export function tagsOf(input: JsonObject): readonly Tag[] | undefined {
  const list = objectListMember(input, "Tags");
  if (list === undefined) return undefined;
  const violations = new Violations();
  const tags = list.map((entry, index) => {
    const key = stringMember(entry, "Key");
    const value = stringMember(entry, "Value");
    violations.required(key, `tags.${index + 1}.member.key`);
    violations.length(key, `tags.${index + 1}.member.key`, 1, 128);
    violations.length(value, `tags.${index + 1}.member.value`, 0, 256);
    return { Key: key ?? "", ...(value === undefined ? {} : { Value: value }) };
  });
  violations.check();
  if (tags.some((tag) => tag.Key.startsWith("aws:"))) throw invalidParameter("Tag keys cannot start with aws:");
  return tags;
}

export function passwordOptionsOf(input: JsonObject): PasswordOptions {
  const length = numberMember(input, "PasswordLength");
  const excluded = stringMember(input, "ExcludeCharacters");
  const violations = new Violations();
  violations.range(length, "passwordLength", 1, MAX_PASSWORD_LENGTH);
  violations.length(excluded, "excludeCharacters", 0, MAX_PASSWORD_LENGTH);
  violations.check();
  return {
    PasswordLength: length,
    ExcludeCharacters: excluded,
    ExcludeNumbers: booleanMember(input, "ExcludeNumbers"),
    ExcludePunctuation: booleanMember(input, "ExcludePunctuation"),
    ExcludeUppercase: booleanMember(input, "ExcludeUppercase"),
    ExcludeLowercase: booleanMember(input, "ExcludeLowercase"),
    IncludeSpace: booleanMember(input, "IncludeSpace"),
    RequireEachIncludedType: booleanMember(input, "RequireEachIncludedType"),
  };
}
