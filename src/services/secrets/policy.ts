/**
 * Resource policies: kept and handed back, checked for form and for broad access; never enforced.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html
 */
import { booleanMember, isJsonObject, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { malformedPolicy, publicPolicy } from "./errors.js";
import { secretIdOf } from "./input.js";
import type { SecretStore } from "./store.js";
import { requireActive } from "./versions.js";

const MAX_POLICY_LENGTH = 20_480;
const SYNTAX_ERROR = "This resource policy contains a syntax error.";

export function putResourcePolicy(store: SecretStore, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  const text = policyOf(input);
  const blocksPublic = booleanMember(input, "BlockPublicPolicy") ?? true;
  return store.write(() => {
    const row = requireActive(store, secretId);
    const statements = parseStatements(text);
    if (statements === undefined) throw malformedPolicy(SYNTAX_ERROR);
    if (blocksPublic && statements.some(isPublic)) throw publicPolicy();
    store.put({ ...row, policy: text });
    return { ARN: row.arn, Name: row.name };
  });
}

export function getResourcePolicy(store: SecretStore, input: JsonObject): JsonObject {
  const row = requireActive(store, secretIdOf(input));
  return { ARN: row.arn, Name: row.name, ...(row.policy === undefined ? {} : { ResourcePolicy: row.policy }) };
}

export function deleteResourcePolicy(store: SecretStore, input: JsonObject): Promise<JsonObject> {
  const secretId = secretIdOf(input);
  return store.write(() => {
    const { policy: _policy, ...row } = requireActive(store, secretId);
    store.put(row);
    return { ARN: row.arn, Name: row.name };
  });
}

export function validateResourcePolicy(store: SecretStore, input: JsonObject): JsonObject {
  const secretId = "SecretId" in input ? secretIdOf(input) : undefined;
  const text = policyOf(input);
  if (secretId !== undefined) requireActive(store, secretId);
  const statements = parseStatements(text);
  if (statements === undefined) throw malformedPolicy(SYNTAX_ERROR);
  const errors = statements.some(isPublic)
    ? [{ CheckName: "BlockPublicPolicy", ErrorMessage: publicPolicy().message }]
    : [];
  return { PolicyValidationPassed: errors.length === 0, ValidationErrors: errors };
}

function policyOf(input: JsonObject): string {
  const text = stringMember(input, "ResourcePolicy");
  const violations = new Violations();
  violations.required(text, "resourcePolicy");
  violations.length(text, "resourcePolicy", 1, MAX_POLICY_LENGTH);
  violations.check();
  return text ?? "";
}

/** The statements of a policy, or undefined when it is none. */
function parseStatements(text: string): readonly JsonObject[] | undefined {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(policy)) return undefined;
  const given = policy["Statement"];
  const statements: readonly unknown[] = Array.isArray(given) ? given : [given];
  return statements.every(isStatement) ? statements : undefined;
}

function isStatement(value: unknown): value is JsonObject {
  if (!isJsonObject(value)) return false;
  const effect = value["Effect"];
  const hasPrincipal = "Principal" in value || "NotPrincipal" in value;
  return (effect === "Allow" || effect === "Deny") && hasPrincipal && ("Action" in value || "NotAction" in value);
}

function isPublic(statement: JsonObject): boolean {
  if (statement["Effect"] !== "Allow" || "Condition" in statement) return false;
  const principal = statement["Principal"];
  if (principal === "*") return true;
  if (!isJsonObject(principal)) return false;
  return [principal["AWS"]].flat().includes("*");
}
