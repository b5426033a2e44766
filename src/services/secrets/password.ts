/**
 * Random passwords: GetRandomPassword, and GenerateSecretString of the template.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html
 */
import { randomInt } from "node:crypto";
import { isJsonObject } from "../kit/json-input.js";
import { invalidParameter } from "./errors.js";

const LOWERCASE = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE = LOWERCASE.toUpperCase();
const NUMBERS = "0123456789";
const PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
const DEFAULT_LENGTH = 32;

export interface PasswordOptions {
  readonly PasswordLength?: number | undefined;
  readonly ExcludeCharacters?: string | undefined;
  readonly ExcludeNumbers?: boolean | undefined;
  readonly ExcludePunctuation?: boolean | undefined;
  readonly ExcludeUppercase?: boolean | undefined;
  readonly ExcludeLowercase?: boolean | undefined;
  readonly IncludeSpace?: boolean | undefined;
  readonly RequireEachIncludedType?: boolean | undefined;
}

/** `GenerateSecretString` of AWS::SecretsManager::Secret. */
export interface GenerateSecretString extends PasswordOptions {
  readonly SecretStringTemplate?: string | undefined;
  readonly GenerateStringKey?: string | undefined;
}

export function randomPassword(options: PasswordOptions = {}): string {
  const length = options.PasswordLength ?? DEFAULT_LENGTH;
  const excluded = new Set(options.ExcludeCharacters ?? "");
  const types = [
    options.ExcludeLowercase ? "" : LOWERCASE,
    options.ExcludeUppercase ? "" : UPPERCASE,
    options.ExcludeNumbers ? "" : NUMBERS,
    options.ExcludePunctuation ? "" : PUNCTUATION,
    options.IncludeSpace ? " " : "",
  ].filter((type) => type !== "");
  const usable = types.map((type) => type.split("").filter((character) => !excluded.has(character)));
  const pool = usable.flat();
  if (pool.length === 0) throw invalidParameter("All characters have been excluded from selection.");

  const password: string[] = [];
  if (options.RequireEachIncludedType ?? true) {
    if (usable.some((type) => type.length === 0)) {
      throw invalidParameter("All characters of the desired type have been excluded.");
    }
    if (length < usable.length) throw invalidParameter("Password length is too short based on the required types.");
    for (const type of usable) password.push(pick(type));
  }
  while (password.length < length) password.push(pick(pool));
  return shuffled(password).join("");
}

/** From the template as it is written, where numbers and booleans may be texts. */
export function generatedValue(written: Readonly<Record<string, unknown>>): string {
  const options = Object.fromEntries(
    Object.entries(written).map(([name, value]) => {
      if (name === "PasswordLength") return [name, Number(value)];
      return [name, /^(Exclude(Num|Punc|Upper|Lower)|Include|Require)/.test(name) ? String(value) === "true" : value];
    }),
  );
  return generateSecretString(options);
}

/** The value of a secret that a template asks to be generated. */
export function generateSecretString(options: GenerateSecretString): string {
  const { SecretStringTemplate: template, GenerateStringKey: key } = options;
  const password = randomPassword(options);
  if (template === undefined && key === undefined) return password;
  if (template === undefined || key === undefined) {
    throw invalidParameter("SecretStringTemplate and GenerateStringKey must be given together.");
  }
  const parsed = parseTemplate(template);
  return JSON.stringify({ ...parsed, [key]: password });
}

function parseTemplate(template: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(template);
    if (isJsonObject(value)) return value;
  } catch {
    // The one message below fits both: not JSON, and JSON that is no object.
  }
  throw invalidParameter("Could not parse SecretStringTemplate JSON.");
}

function pick(characters: readonly string[]): string {
  return characters[randomInt(characters.length)] ?? "";
}

/** Fisher-Yates; without it the first characters would tell their type. */
function shuffled(characters: string[]): string[] {
  for (let index = characters.length - 1; index > 0; index -= 1) {
    const other = randomInt(index + 1);
    [characters[index], characters[other]] = [characters[other] ?? "", characters[index] ?? ""];
  }
  return characters;
}
