/** The members of a structure in the API model, under the names by which a state machine knows them. */
import type { NormalizedSchema } from "@smithy/core/schema";
import { javaName } from "./java-names.js";

/** `api`: those of the API model, which optimised integrations have. `java`: those of `aws-sdk:`. */
export type Names = "api" | "java";

export interface Member {
  readonly apiName: string;
  readonly schema: NormalizedSchema;
}

export const shownName = (apiName: string, names: Names): string => (names === "java" ? javaName(apiName) : apiName);

/** With `java` the API's own spelling is taken, too: whether AWS does is not known. */
export function membersOf(schema: NormalizedSchema, names: Names): Map<string, Member> {
  const members = new Map<string, Member>();
  for (const [apiName, member] of schema.structIterator()) {
    members.set(apiName, { apiName, schema: member });
    members.set(shownName(apiName, names), { apiName, schema: member });
  }
  return members;
}

/** Place of the number of required members in the schema of a structure; they come first in the list of its members. */
const REQUIRED_COUNT = 6;

export function requiredMembers(schema: NormalizedSchema): readonly string[] {
  const { [REQUIRED_COUNT]: count } = schema.getSchema() as { readonly [place: number]: unknown };
  return typeof count === "number" ? [...schema.structIterator()].slice(0, count).map(([apiName]) => apiName) : [];
}
