/**
 * Selection expressions: `$request.body.action`, `${request.body.kind}-${request.body.version}`, `\$default`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-selection-expressions.html
 */

/** What a variable stands for; undefined where it has no value. */
export type Variables = (path: readonly string[]) => string | undefined;

const TOKEN = /\\\$|\$\{([^}]+)\}|\$([A-Za-z_][\w-]*(?:\.[\w-]+)*)/g;

/** Undefined when one of the variables has no value. */
export function evaluate(expression: string, variables: Variables): string | undefined {
  let isWhole = true;
  const text = expression.replace(TOKEN, (token, braced?: string, bare?: string) => {
    if (token === "\\$") return "$";
    const value = variables((braced ?? bare ?? "").split("."));
    if (value === undefined) isWhole = false;
    return value ?? "";
  });
  return isWhole ? text : undefined;
}

/** `request.body.a.b` of a JSON message: scalars alone are keys. What is no JSON has no variables. */
export function bodyVariables(body: string): Variables {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return () => undefined;
  }
  return ([request, part, ...path]) => {
    if (request !== "request" || part !== "body") return undefined;
    let value: unknown = parsed;
    for (const key of path)
      value =
        typeof value === "object" && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined;
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : undefined;
  };
}
