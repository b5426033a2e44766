/**
 * How the API model describes the members of a request: type, bounds, pattern, set of values, and whether they have to be
 * there. Smithy 2.0, "Constraint traits": https://smithy.io/2.0/spec/constraint-traits.html
 */

export interface TextShape {
  readonly kind: "text";
  readonly min?: number;
  readonly max?: number;
  /** As refusals print it. The whole value has to match. */
  readonly pattern?: string;
  /** Where AWS prints another pattern than it holds values to. */
  readonly enforced?: string;
  readonly allowed?: readonly string[];
  /** A value that breaks the pattern is not refused for its length as well. */
  readonly patternAlone?: true;
}

export interface NumberShape {
  readonly kind: "integer" | "decimal";
  readonly min?: number;
  readonly max?: number;
  /** Sent as text: in the path or the query string. */
  readonly asText?: true;
}

export interface PlainShape {
  readonly kind: "flag" | "blob" | "time";
}

export interface ListShape {
  readonly kind: "list";
  readonly of: Shape;
  readonly min?: number;
  readonly max?: number;
  /** Refusals do not say that its members must not be null. */
  readonly nullable?: true;
}

export interface MapShape {
  readonly kind: "map";
  readonly key: TextShape;
  readonly value: TextShape | NumberShape | ListShape;
  readonly max?: number;
  /** Refusals do not show the value. */
  readonly hidden?: true;
}

export interface StructureShape {
  readonly kind: "structure";
  readonly members: Members;
}

export type Shape = TextShape | NumberShape | PlainShape | ListShape | MapShape | StructureShape;
/** `inQuery` members come in the query string; those that the path names come in the path, the others in the body. */
export type Member = Shape & { readonly required?: true; readonly inQuery?: true };
export type Members = Readonly<Record<string, Member>>;

export const text = (min?: number, max?: number, pattern?: string): TextShape => ({
  kind: "text",
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
  ...(pattern === undefined ? {} : { pattern }),
});
export const oneOf = (...allowed: readonly string[]): TextShape => ({ kind: "text", allowed });
export const integer = (min?: number, max?: number): NumberShape => ({
  kind: "integer",
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
});
export const flag: PlainShape = { kind: "flag" };
export const blob: PlainShape = { kind: "blob" };
export const time: PlainShape = { kind: "time" };
export const listOf = (of: Shape, min = 0, max = Number.POSITIVE_INFINITY): ListShape => ({
  kind: "list",
  of,
  min,
  max,
});
export const structure = (members: Members): StructureShape => ({ kind: "structure", members });
export const required = <S extends Shape>(shape: S): S & { readonly required: true } => ({ ...shape, required: true });
export const query = <S extends Shape>(shape: S): S & { readonly inQuery: true } => ({ ...shape, inQuery: true });
