/**
 * Tags of machines and activities; versions and aliases have none.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_TagResource.html
 */
import { stringListMember, Violations } from "../../kit/json-input.js";
import type { Operations, StatesContext } from "../context.js";
import { statesError } from "../errors.js";
import { parseStatesArn } from "../executions/names.js";
import type { Tags } from "../rows.js";
import { checkTagCount, requiredArn, tagList, tagsMember } from "./input.js";

export function tagOperations(context: StatesContext): Operations {
  const { store } = context;
  return {
    TagResource: async (input) => {
      const arn = requiredArn(input, "resourceArn");
      const tags = tagsMember(input);
      await store.write(() => changeTags(context, arn, (before) => checkTagCount({ ...before, ...tags }, arn)));
      return {};
    },
    UntagResource: async (input) => {
      const arn = requiredArn(input, "resourceArn");
      const keys = stringListMember(input, "tagKeys");
      const violations = new Violations();
      violations.required(keys, "tagKeys");
      violations.check();
      await store.write(() =>
        changeTags(context, arn, (before) =>
          Object.fromEntries(Object.entries(before).filter(([key]) => keys?.includes(key) !== true)),
        ),
      );
      return {};
    },
    ListTagsForResource: (input) => {
      const { row } = tagged(context, requiredArn(input, "resourceArn"));
      return { tags: tagList(row.tags) };
    },
  };
}

function changeTags(context: StatesContext, arn: string, change: (tags: Tags) => Tags): void {
  const { row, put } = tagged(context, arn);
  put(change(row.tags));
}

function tagged({ store, realm }: StatesContext, arn: string): { row: { tags: Tags }; put: (tags: Tags) => void } {
  const { type, rest, foreign } = parseStatesArn(arn, realm, ["stateMachine", "activity"]);
  if (!foreign && type === "activity") {
    const row = store.activity(rest);
    if (row !== undefined) return { row, put: (tags) => store.putActivity({ ...row, tags }) };
  } else if (!foreign) {
    const row = store.machine(rest);
    if (row !== undefined) return { row, put: (tags) => store.putMachine({ ...row, tags }) };
  }
  throw statesError.resourceGone(arn);
}
