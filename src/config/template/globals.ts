/**
 * The Globals section of SAM: properties that every resource of a kind starts from. As SAM merges them, maps merge,
 * lists are appended, and anything else is taken from the resource; an intrinsic function counts as one value.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
 */
import { didYouMean } from "../nearest.js";
import type { Entry, MapNode, TemplateNode } from "./node.js";
import type { Problems } from "./problem.js";

const SECTIONS: ReadonlyMap<string, string> = new Map([
  ["Function", "AWS::Serverless::Function"],
  ["Api", "AWS::Serverless::Api"],
  ["HttpApi", "AWS::Serverless::HttpApi"],
  ["WebSocketApi", "AWS::Serverless::WebSocketApi"],
  ["SimpleTable", "AWS::Serverless::SimpleTable"],
  ["StateMachine", "AWS::Serverless::StateMachine"],
  ["LayerVersion", "AWS::Serverless::LayerVersion"],
  ["CapacityProvider", "AWS::Serverless::CapacityProvider"],
]);

/** Global properties by resource type. */
export function readGlobals(section: TemplateNode | undefined, problems: Problems): ReadonlyMap<string, MapNode> {
  const globals = new Map<string, MapNode>();
  if (section?.kind !== "map") return globals;
  for (const [name, entry] of section.entries) {
    const type = SECTIONS.get(name);
    if (type === undefined) {
      const what = `Globals has no section "${name}".${didYouMean(name, SECTIONS.keys())}`;
      throw problems.value({
        at: entry.keyAt,
        path: ["Globals", name],
        what,
        fix: `Use one of: ${[...SECTIONS.keys()].join(", ")}.`,
      });
    }
    if (entry.value.kind === "map") globals.set(type, entry.value);
  }
  return globals;
}

export function mergeGlobals(globals: TemplateNode | undefined, own: TemplateNode): TemplateNode {
  if (globals?.kind === "map" && own.kind === "map") {
    const entries = new Map<string, Entry>(globals.entries);
    for (const [key, entry] of own.entries)
      entries.set(key, { keyAt: entry.keyAt, value: mergeGlobals(globals.entries.get(key)?.value, entry.value) });
    return { ...own, entries };
  }
  if (globals?.kind === "list" && own.kind === "list") return { ...own, items: [...globals.items, ...own.items] };
  return own;
}
