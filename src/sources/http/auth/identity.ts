/** The values that an authorizer identifies a caller by. All of them have to be there. */
import { requestValue, type RequestValues } from "../request-value.js";

/** Undefined when one of the sources is absent or empty. */
export function identityOf(sources: readonly string[], values: RequestValues): readonly string[] | undefined {
  const identity: string[] = [];
  for (const source of sources) {
    const value = valueOf(source, values);
    if (value === undefined || value === "") return undefined;
    identity.push(value);
  }
  return identity;
}

function valueOf(source: string, values: RequestValues): string | undefined {
  const [, kind, name = ""] =
    /^(?:method\.request\.|route\.request\.|\$request\.|\$)?(header|querystring|stageVariables|context)\.(.+)$/.exec(
      source,
    ) ?? [];
  return requestValue(kind, name, values);
}
