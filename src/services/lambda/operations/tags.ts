/** Tags. Lambda API reference, "TagResource". */
import { Violations } from "../../kit/json-input.js";
import { requireFunction, type Answer, type Call, type Route } from "../context.js";
import { invalidParameter } from "../errors.js";
import { parseFunctionName } from "../function-name.js";
import type { FunctionRecord } from "../records.js";
import { checked, tagsMember } from "../tags.js";

const PATH = "/2017-03-31/tags/{Resource}";
const SHOWN =
  "arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})";

export const TAG_ROUTES: readonly Route[] = [
  { method: "GET", path: PATH, name: "ListTags", run: list },
  {
    method: "POST",
    path: PATH,
    name: "TagResource",
    run: (call) => change(call, (tags) => ({ ...tags, ...tagsMember(call.input) })),
  },
  {
    method: "DELETE",
    path: PATH,
    name: "UntagResource",
    run: (call) => change(call, (tags) => without(tags, call.query.getAll("tagKeys"))),
  },
];

function recordOf({ context, path }: Call): FunctionRecord {
  const resource = path["Resource"] ?? "";
  const faults = new Violations();
  faults.pattern(
    resource,
    "resource",
    /^arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:\d{12}:(function|layer|code-signing-config|event-source-mapping):/,
    SHOWN,
  );
  faults.check();
  if (!/:function:/.test(resource))
    throw invalidParameter(`Tags of ${resource} are not emulated by lambda-run; tags of functions are.`);
  const { name, qualifier } = parseFunctionName(resource, undefined, context.realm);
  if (qualifier !== undefined)
    throw invalidParameter("Tags on function aliases and versions are not supported. Please specify a function ARN.");
  return requireFunction(context, name);
}

function list(call: Call): Answer {
  return { body: { Tags: recordOf(call).config.tags ?? {} } };
}

async function change(
  call: Call,
  edit: (tags: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): Promise<Answer> {
  const record = recordOf(call);
  await call.context.directory.tag(record, checked(edit(record.config.tags ?? {})));
  return { status: 204 };
}

function without(tags: Readonly<Record<string, string>>, keys: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key)));
}
