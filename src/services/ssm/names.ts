/**
 * Names of parameters: what they may be, and the selectors behind them.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html#sysman-parameter-name-constraints
 */
import { parseArn } from "../../shared/arn.js";
import { Violations } from "../kit/json-input.js";
import { accessDenied, tooDeep, validation } from "./errors.js";

/** With the ARN's start, which AWS counts in, 1,011 characters are left. */
export const MAX_NAME_LENGTH = 1011;
const MAX_LEVELS = 15;
const FORM =
  "If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_";

/** Checks the name of a parameter that is to be made. */
export function checkNewName(name: string | undefined): string {
  const violations = new Violations();
  violations.required(name, "name");
  violations.length(name, "name", 1, 2048);
  violations.check();
  const text = name ?? "";
  if (text.length > MAX_NAME_LENGTH) {
    throw validation(`Parameter name must not exceed ${MAX_NAME_LENGTH} characters.`);
  }
  const isPath = text.lastIndexOf("/") > 0;
  if (isPath && !text.startsWith("/")) throw validation("Parameter name must be a fully qualified name.");
  const bare = text.replace(/^\/+/, "").toLowerCase();
  if (isPath && text.toLowerCase().startsWith("/aws"))
    throw accessDenied(`No access to reserved parameter name: ${text}.`);
  if (bare.startsWith("ssm") || bare.startsWith("aws")) {
    throw validation(
      isPath
        ? `Parameter name: can't be prefixed with "ssm" (case-insensitive). ${FORM}`
        : `Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive).`,
    );
  }
  if (!/^\/?[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/.test(text)) {
    throw validation(`Parameter name: can't be prefixed with "ssm" (case-insensitive). ${FORM}`);
  }
  if (text.split("/").filter((level) => level !== "").length > MAX_LEVELS) throw tooDeep(MAX_LEVELS);
  return text;
}

export interface Reference {
  readonly name: string;
  readonly version?: number;
  readonly label?: string;
  /** `:3` or `:label`, as it stood in the request. */
  readonly selector?: string;
}

/** `name`, `name:version`, `name:label`, or the ARN of any of them. */
export function parseReference(text: string): Reference {
  const resource = parseArn(text)?.resource;
  const given = resource === undefined ? text : nameInArn(resource);
  const colon = given.indexOf(":");
  if (colon === -1) return { name: given };
  const [name, selector] = [given.slice(0, colon), given.slice(colon + 1)];
  return /^\d{1,15}$/.test(selector)
    ? { name, version: Number(selector), selector: `:${selector}` }
    : { name, label: selector, selector: `:${selector}` };
}

/** The slash of `parameter/x` belongs to the ARN unless the name is a path. */
function nameInArn(resource: string): string {
  const name = resource.replace(/^parameter/, "");
  return name.lastIndexOf("/") > 0 ? name : name.replace(/^\//, "");
}

const PATH_RULES =
  'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". Valid example: /get/parameters2-/by1./path0_.';

export function checkPath(path: string | undefined): string {
  const violations = new Violations();
  violations.required(path, "path");
  violations.length(path, "path", 1, 2048);
  violations.check();
  if (path === undefined || !/^(\/[A-Za-z0-9_.-]+)*\/?$/.test(path) || !path.startsWith("/"))
    throw validation(PATH_RULES);
  return path.endsWith("/") ? path : `${path}/`;
}

/** True for what lies under a path that ends in `/`: directly, or at any depth. */
export function liesUnder(name: string, path: string, recursive: boolean): boolean {
  const whole = name.startsWith("/") ? name : `/${name}`;
  return whole.startsWith(path) && (recursive || !whole.slice(path.length).includes("/"));
}
