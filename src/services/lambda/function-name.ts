/**
 * The forms in which callers name a function: name, name:qualifier, account:function:name, and the ARN with or without
 * a qualifier. Lambda API reference, "Invoke", FunctionName.
 */
import type { Realm } from "../../shared/arn.js";
import { Violations } from "../kit/json-input.js";
import { accessDenied, invalidParameter, resourceNotFound } from "./errors.js";

export interface FunctionReference {
  readonly name: string;
  readonly qualifier: string | undefined;
}

const FORM =
  /^(?:(?:arn:aws[a-zA-Z-]*:lambda:([a-z]{2}(?:-[a-z]+)+-\d):)?(\d{12}):function:|function:)?([a-zA-Z0-9-_]+)(?::(\$LATEST|[a-zA-Z0-9-_]+))?$/;
const MAX_NAME_LENGTH = 140;
const SHOWN_START =
  "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?";
/** As the API model writes it: operations that make or change something have the plain form. */
const SHOWN_FORMS = {
  plain: `${SHOWN_START}([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`,
  namespaced: `${SHOWN_START}([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
};
export type NameForm = keyof typeof SHOWN_FORMS;

const PLAIN = new Set(
  (
    "CreateAlias DeleteAlias GetAlias ListAliases UpdateAlias PublishVersion UpdateFunctionCode UpdateFunctionConfiguration " +
    "CreateFunctionUrlConfig DeleteFunctionUrlConfig GetFunctionUrlConfig ListFunctionUrlConfigs UpdateFunctionUrlConfig " +
    "PutFunctionConcurrency GetFunctionConcurrency DeleteFunctionConcurrency PutProvisionedConcurrencyConfig " +
    "GetProvisionedConcurrencyConfig DeleteProvisionedConcurrencyConfig"
  ).split(" "),
);

/** The form of names that an operation takes. */
export const nameFormOf = (operation: string): NameForm => (PLAIN.has(operation) ? "plain" : "namespaced");
const QUALIFIER = /^(?:\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_$]+)$/;

/** Throws AWS's refusals of malformed, foreign and contradictory names. */
export function parseFunctionName(
  text: string,
  queryQualifier: string | undefined,
  realm: Realm,
  form: NameForm = "namespaced",
): FunctionReference {
  const faults = new Violations();
  const match = text.length > MAX_NAME_LENGTH ? null : FORM.exec(text);
  if (text.length > MAX_NAME_LENGTH) faults.length(text, "functionName", 1, MAX_NAME_LENGTH);
  else if (match === null)
    faults.add(text, "functionName", `Member must satisfy regular expression pattern: ${SHOWN_FORMS[form]}`);
  faults.pattern(queryQualifier, "qualifier", QUALIFIER, "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+");
  faults.check();
  const [, region, account, name = "", own] = match ?? [];
  if (region !== undefined && region !== realm.region) {
    throw resourceNotFound(`Functions from '${region}' are not reachable in this region ('${realm.region}')`);
  }
  if (account !== undefined && account !== realm.accountId) throw accessDenied();
  if (own !== undefined && queryQualifier !== undefined && own !== queryQualifier) {
    throw invalidParameter("The derived qualifier from the function name does not match the specified qualifier.");
  }
  return { name, qualifier: own ?? queryQualifier };
}
