/**
 * What the expressions of one request share: the placeholders and which of them were used; and how the findings of one
 * expression are collected, since the service reports them by class and not by their place in the text.
 */
import { validationError } from "../errors.js";
import type { AttributeValue, Item } from "../values/attribute-value.js";
import { validateValue } from "../values/validate.js";

/** A document path with its placeholders resolved: names and list indexes. */
export type Path = readonly (string | number)[];

const PLACEHOLDER = /^[0-9a-zA-Z_]+$/;

export class ExpressionContext {
  readonly #names: Readonly<Record<string, string>> | undefined;
  readonly #values: Item | undefined;
  readonly #unusedNames: Set<string>;
  readonly #unusedValues: Set<string>;

  /** Throws ValidationException when the placeholders themselves are wrong. */
  constructor(names: Readonly<Record<string, string>> | undefined, values: Item | undefined) {
    this.#names = names;
    this.#values = values;
    this.#unusedNames = new Set(checkKeys("ExpressionAttributeNames", "#", names));
    this.#unusedValues = new Set(checkKeys("ExpressionAttributeValues", ":", values));
    for (const key of this.#unusedValues) checkValue(key, values?.[key] as AttributeValue);
  }

  /** No placeholders came with the request: what an expression means depends on its text alone. */
  get isEmpty(): boolean {
    return this.#names === undefined && this.#values === undefined;
  }

  name(placeholder: string): string | undefined {
    this.#unusedNames.delete(placeholder);
    return this.#names !== undefined && Object.hasOwn(this.#names, placeholder) ? this.#names[placeholder] : undefined;
  }

  value(placeholder: string): AttributeValue | undefined {
    this.#unusedValues.delete(placeholder);
    return this.#values !== undefined && Object.hasOwn(this.#values, placeholder)
      ? this.#values[placeholder]
      : undefined;
  }

  /** Throws when a placeholder was given and no expression named it. */
  checkAllUsed(): void {
    checkUsed("ExpressionAttributeNames", this.#unusedNames);
    checkUsed("ExpressionAttributeValues", this.#unusedValues);
  }
}

function checkKeys(parameter: string, sign: string, given: object | undefined): string[] {
  if (given === undefined) return [];
  const keys = Object.keys(given);
  if (keys.length === 0) throw validationError(`${parameter} must not be empty`);
  for (const key of keys) {
    if (!key.startsWith(sign) || !PLACEHOLDER.test(key.slice(1))) {
      throw validationError(`${parameter} contains invalid key: Syntax error; key: "${key}"`);
    }
  }
  return keys;
}

function checkValue(key: string, value: AttributeValue): void {
  try {
    validateValue(value);
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    throw validationError(`ExpressionAttributeValues contains invalid value: ${message} for key ${key}`);
  }
}

function checkUsed(parameter: string, unused: ReadonlySet<string>): void {
  if (unused.size === 0) return;
  throw validationError(`Value provided in ${parameter} unused in expressions: keys: {${[...unused].join(", ")}}`);
}

/** The first finding of each class; `classes` gives the order in which they are told. */
export class Findings<Class extends string> {
  readonly #first = new Map<Class, string>();

  note(kind: Class, message: string): void {
    if (!this.#first.has(kind)) this.#first.set(kind, message);
  }

  has(kind: Class): boolean {
    return this.#first.has(kind);
  }

  first(classes: readonly Class[]): string | undefined {
    for (const kind of classes) {
      const message = this.#first.get(kind);
      if (message !== undefined) return message;
    }
    return undefined;
  }
}

export const messages = {
  reserved: (name: string): string => `Attribute name is a reserved keyword; reserved keyword: ${name}`,
  undefinedName: (name: string): string =>
    `An expression attribute name used in the document path is not defined; attribute name: ${name}`,
  undefinedValue: (name: string): string =>
    `An expression attribute value used in expression is not defined; attribute value: ${name}`,
  unknownFunction: (name: string): string => `Invalid function name; function: ${name}`,
  operandCount: (name: string, count: number): string =>
    `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${count}`,
  operandType: (name: string, type: string): string =>
    `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
  needsPath: (name: string): string => `Operator or function requires a document path; operator or function: ${name}`,
} as const;
