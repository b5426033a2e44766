/** Tags of functions, event source mappings and code signing configurations. Lambda API reference, "TagResource". */
import { requireFunction, type Answer, type Call, type Route } from "../context.js";
import { invalidParameter, resourceNotFound } from "../errors.js";
import { parseFunctionName } from "../function-name.js";
import { checked, tagsMember } from "../tags.js";
import { codeSigningAt } from "./code-signing.js";

const PATH = "/2017-03-31/tags/{Resource}";
export const TAG_ROUTES: readonly Route[] = [
  { method: "GET", path: PATH, name: "ListTags", run: list },
  { method: "POST", path: PATH, name: "TagResource", run: tag },
  { method: "DELETE", path: PATH, name: "UntagResource", run: untag },
];

/** Something that can have tags. */
interface Tagged {
  readonly tags: Tags;
  put(tags: Tags): Promise<void>;
}

type Tags = Readonly<Record<string, string>>;

async function taggedOf({ context, path }: Call): Promise<Tagged> {
  const resource = path["Resource"] ?? "";
  const [kind = "", id = ""] = resource.split(":").slice(5);
  if (kind === "function") {
    const { name, qualifier } = parseFunctionName(resource, undefined, context.realm);
    if (qualifier !== undefined)
      throw invalidParameter("Tags on function aliases and versions are not supported. Please specify a function ARN.");
    const record = requireFunction(context, name);
    return { tags: record.config.tags ?? {}, put: (tags) => context.directory.tag(record, tags) };
  }
  if (kind === "capacity-provider") throw resourceNotFound(`Capacity provider not found: ${resource}`);
  if (kind === "layer") throw invalidParameter(`Tags of ${resource} are not emulated by lambda-run.`);
  if (kind === "event-source-mapping" && !(await context.mappings()).list().some(({ uuid }) => uuid === id))
    throw resourceNotFound(`Event source mapping not found: ${resource}`);
  if (kind === "code-signing-config" && codeSigningAt(context, resource) === undefined)
    throw resourceNotFound("The resource you requested does not exist.");
  return {
    tags: context.rows.get("tags", resource) ?? {},
    put: (tags) => context.rows.put("tags", resource, "", tags, { durable: true }),
  };
}

async function list(call: Call): Promise<Answer> {
  return { body: { Tags: (await taggedOf(call)).tags } };
}

async function tag(call: Call): Promise<Answer> {
  const added = tagsMember(call.input);
  const tagged = await taggedOf(call);
  if (Object.keys(added ?? {}).length === 0)
    throw invalidParameter("An error occurred and the request cannot be processed.");
  await tagged.put(checked({ ...tagged.tags, ...added }));
  return { status: 204 };
}

async function untag(call: Call): Promise<Answer> {
  const keys = call.query.getAll("tagKeys");
  const tagged = await taggedOf(call);
  await tagged.put(Object.fromEntries(Object.entries(tagged.tags).filter(([key]) => !keys.includes(key))));
  return { status: 204 };
}
