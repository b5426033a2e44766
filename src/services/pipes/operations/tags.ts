/** Tags of pipes. */
import { objectMember, stringMember } from "../../kit/json-input.js";
import type { JsonObject } from "../../kit/json-protocol.js";
import { parseArn } from "../../../shared/arn.js";
import { checkTags } from "../constraints.js";
import { requirePipe, type Operation, type PipesContext } from "../context.js";
import { pipesError } from "../errors.js";
import type { PipeRow } from "../store.js";

export function tagOperations(context: PipesContext): Readonly<Record<string, Operation>> {
  const { store } = context;
  const retag = (input: JsonObject, next: (tags: PipeRow["tags"]) => PipeRow["tags"]): Promise<JsonObject> =>
    store.write(() => {
      const row = taggedPipe(context, input);
      store.putPipe({ ...row, tags: next(row.tags) });
      return {};
    });
  return {
    ListTagsForResource: ({ input }) => ({ tags: taggedPipe(context, input).tags }),
    TagResource: ({ input }) => {
      const added = objectMember(input, "tags") ?? {};
      checkTags(added);
      return retag(input, (tags) => ({ ...tags, ...(added as Readonly<Record<string, string>>) }));
    },
    UntagResource: ({ input, query }) => {
      const keys = new Set(query.getAll("tagKeys"));
      return retag(input, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.has(key))));
    },
  };
}

function taggedPipe(context: PipesContext, input: JsonObject): PipeRow {
  const arn = stringMember(input, "resourceArn") ?? "";
  const { service, resource = "" } = parseArn(arn) ?? {};
  if (service !== "pipes" || !resource.startsWith("pipe/"))
    throw pipesError.field("resourceArn", `${arn} is no ARN of a pipe.`);
  return requirePipe(context, resource.slice("pipe/".length));
}
