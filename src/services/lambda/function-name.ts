/**
 * The forms in which callers name a function: name, name:qualifier, account:function:name, and the ARN with or without
 * a qualifier. Lambda API reference, "Invoke", FunctionName.
 */
import type { Realm } from "../../shared/arn.js";
import { Violations } from "../kit/json-input.js";
import { accessDenied, invalidParameter, resourceNotFound } from "./errors.js";
import { checkText } from "./model/check.js";
import { NAMESPACED_NAME, QUALIFIER, REGION } from "./model/names.js";

export interface FunctionReference {
  readonly name: string;
  readonly qualifier: string | undefined;
}

/** Every part before the name can be left out. */
const FORM = new RegExp(
  `^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:(?<region>${REGION}):)?(?:(?<account>\\d{12}):)?(?:function:)?` +
    "(?<name>[a-zA-Z0-9-_.]+)(?::(?<own>\\$LATEST(?:\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$",
);

/** The name alone, of whatever form; a text that has none is given back. */
export const bareName = (text: string): string => FORM.exec(text)?.groups?.["name"] ?? text;

/** Throws AWS's refusals of malformed, foreign and contradictory names. */
export function parseFunctionName(text: string, queryQualifier: string | undefined, realm: Realm): FunctionReference {
  const faults = new Violations();
  checkText(text, NAMESPACED_NAME, "functionName", faults);
  checkText(queryQualifier, QUALIFIER, "qualifier", faults);
  faults.check();
  const { region, account, name = "", own } = FORM.exec(text)?.groups ?? {};
  if (region !== undefined && region !== realm.region) {
    throw resourceNotFound(`Functions from '${region}' are not reachable in this region ('${realm.region}')`);
  }
  if (account !== undefined && account !== realm.accountId) throw accessDenied();
  if (own !== undefined && queryQualifier !== undefined && own !== queryQualifier) {
    throw invalidParameter("The derived qualifier from the function name does not match the specified qualifier.");
  }
  return { name, qualifier: own ?? queryQualifier };
}
