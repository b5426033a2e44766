/** The policy that a Lambda authorizer answers: who may call what. Deny wins; what is not allowed is denied. */

export type Verdict = "allow" | "deny" | "explicit-deny";

interface Statement {
  readonly Effect?: unknown;
  readonly Action?: unknown;
  readonly Resource?: unknown;
}

/** Undefined when it is no policy. */
export function evaluatePolicy(document: unknown, methodArn: string): Verdict | undefined {
  if (typeof document !== "object" || document === null || !("Statement" in document)) return undefined;
  const statements = listOf(document.Statement) as readonly Statement[];
  if (statements.length === 0) return undefined;
  let verdict: Verdict = "deny";
  for (const { Effect, Action, Resource } of statements) {
    if (Effect !== "Allow" && Effect !== "Deny") return undefined;
    const applies =
      textsOf(Action).some((action) => matches(action.toLowerCase(), "execute-api:invoke")) &&
      textsOf(Resource).some((resource) => matches(resource, methodArn));
    if (!applies) continue;
    if (Effect === "Deny") return "explicit-deny";
    verdict = "allow";
  }
  return verdict;
}

/** `*` is any run of characters, slashes included, `?` one. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[\\s\\S]*")
    .replaceAll("?", "[\\s\\S]");
  return new RegExp(`^${source}$`).test(text);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : value === undefined ? [] : [value];
}

function textsOf(value: unknown): readonly string[] {
  return listOf(value).filter((item): item is string => typeof item === "string");
}
