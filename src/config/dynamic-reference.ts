/**
 * `{{resolve:ssm:name}}` and `{{resolve:secretsmanager:...}}`. They stay in the application as they are written and
 * are replaced when a function's environment is made, because the values live in services that start later.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
 */

export type DynamicReference =
  | { readonly kind: "ssm"; readonly name: string; readonly version: string | undefined }
  | {
      readonly kind: "secret";
      readonly secretId: string;
      readonly jsonKey: string | undefined;
      readonly versionStage: string | undefined;
      readonly versionId: string | undefined;
    };

const MARKER = /\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}/g;

export const hasDynamicReference = (text: string): boolean => text.includes("{{resolve:");

function parse(service: string, rest: string): DynamicReference {
  if (service !== "secretsmanager") {
    const match = /^(.+?)(?::(\d+))?$/.exec(rest);
    return { kind: "ssm", name: match?.[1] ?? rest, version: match?.[2] };
  }
  // A secret's ARN has colons of its own: seven parts.
  const parts = rest.split(":");
  const length = rest.startsWith("arn:") ? 7 : 1;
  const [type, jsonKey, versionStage, versionId] = parts.slice(length);
  const given = (text: string | undefined): string | undefined =>
    text === undefined || text === "" ? undefined : text;
  return {
    kind: "secret",
    secretId: parts.slice(0, length).join(":"),
    jsonKey: type === undefined || type === "SecretString" ? given(jsonKey) : undefined,
    versionStage: given(versionStage),
    versionId: given(versionId),
  };
}

/** The text with every marker replaced by what `lookUp` gives. */
export async function resolveDynamicReferences(
  text: string,
  lookUp: (reference: DynamicReference) => Promise<string>,
): Promise<string> {
  let result = "";
  let last = 0;
  for (const match of text.matchAll(MARKER)) {
    const [marker, service = "", rest = ""] = match;
    result += text.slice(last, match.index) + (await lookUp(parse(service, rest)));
    last = match.index + marker.length;
  }
  return result + text.slice(last);
}
