/** Tags of buses and rules. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html */
import { parseArn } from "../../shared/arn.js";
import { objectListMember, stringListMember, stringMember, Violations } from "../kit/json-input.js";
import type { JsonObject } from "../kit/json-protocol.js";
import { DEFAULT_BUS, requireBus, type EventsContext, type Operations } from "./context.js";
import { eventsError } from "./errors.js";
import type { Tags } from "./store.js";

const MAX_TAGS = 50;

export function tagOperations(context: EventsContext): Operations {
  const { store } = context;
  const tagged = (input: JsonObject, work: (tags: Tags) => Tags): Promise<JsonObject> =>
    store.write(() => {
      const { tags, put } = resourceOf(context, input);
      put(work(tags));
      return {};
    });
  return {
    TagResource: (input) =>
      tagged(input, (tags) => {
        const more = { ...tags, ...readTags(input) };
        if (Object.keys(more).length > MAX_TAGS) throw eventsError.tooMany();
        return more;
      }),
    UntagResource: (input) =>
      tagged(input, (tags) => {
        const removed = new Set(stringListMember(input, "TagKeys"));
        return Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key)));
      }),
    ListTagsForResource: (input) => ({
      Tags: Object.entries(resourceOf(context, input).tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  };
}

export function readTags(input: JsonObject): Tags {
  const given = objectListMember(input, "Tags") ?? [];
  const tags = given.map((tag) => [stringMember(tag, "Key") ?? "", stringMember(tag, "Value") ?? ""] as const);
  if (new Set(tags.map(([key]) => key)).size < tags.length)
    throw eventsError.invalid("Invalid parameter: Duplicated keys are not allowed.");
  if (tags.length > MAX_TAGS) throw eventsError.tooMany();
  return Object.fromEntries(tags);
}

interface Tagged {
  readonly tags: Tags;
  readonly put: (tags: Tags) => void;
}

function resourceOf(context: EventsContext, input: JsonObject): Tagged {
  const { store } = context;
  const arn = stringMember(input, "ResourceARN");
  const violations = new Violations();
  violations.required(arn, "resourceARN");
  violations.check();
  const { service, resource = "" } = parseArn(arn ?? "") ?? {};
  const [kind, ...names] = resource.split("/");
  if (service === "events" && kind === "event-bus") {
    const row = requireBus(context, arn);
    return { tags: row.tags, put: (tags) => store.putBus({ ...row, tags }) };
  }
  if (service !== "events" || kind !== "rule") throw eventsError.badArn(arn ?? "");
  const name = names.at(-1) ?? "";
  const busName = names.length > 1 ? names.slice(0, -1).join("/") : DEFAULT_BUS;
  const row = store.rule(busName, name);
  if (row === undefined) throw eventsError.ruleNotFound(name, busName);
  return { tags: row.tags, put: (tags) => store.putRule({ ...row, tags }) };
}
