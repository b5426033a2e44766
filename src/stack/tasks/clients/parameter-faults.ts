/** What Step Functions finds wrong with the parameters of an API before it calls it, in AWS's words as users quote them. */
import { NormalizedSchema } from "@smithy/core/schema";
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject } from "../../../config/json.js";
import { fault } from "../integration.js";
import { membersOf, requiredMembers, shownName, type Names } from "./members.js";
import type { Schema } from "./values.js";

export function parameterFaults(schema: Schema, parameters: JsonObject, names: Names): string[] {
  const faults: string[] = [];
  collect(NormalizedSchema.of(schema), parameters, names, faults);
  return faults;
}

function collect(schema: NormalizedSchema, value: Json, names: Names, faults: string[]): void {
  if (schema.isStructSchema() && isJsonObject(value)) {
    const members = membersOf(schema, names);
    for (const [name, item] of Object.entries(value)) {
      const member = members.get(name)?.schema;
      if (member === undefined) faults.push(fault.unsupported(name));
      else if (item !== null && isMisshapen(member, item)) faults.push(fault.invalid(name));
      else collect(member, item, names, faults);
    }
    for (const apiName of requiredMembers(schema))
      if (!(apiName in value) && !(shownName(apiName, names) in value))
        faults.push(fault.missing(shownName(apiName, names)));
  } else if (schema.isListSchema() && Array.isArray(value)) {
    for (const item of value as readonly Json[]) collect(schema.getValueSchema(), item, names, faults);
  } else if (schema.isMapSchema() && isJsonObject(value)) {
    for (const item of Object.values(value)) collect(schema.getValueSchema(), item, names, faults);
  }
}

const isMisshapen = (schema: NormalizedSchema, value: Json): boolean =>
  ((schema.isStructSchema() || schema.isMapSchema()) && !isJsonObject(value)) ||
  (schema.isListSchema() && !Array.isArray(value));
