/**
 * Circles among resources. CloudFormation refuses a template in which resources wait for each other, whatever the
 * values are. Circles that only SAM's generated parts close (an S3 event makes the bucket wait for the function)
 * are announced, because they run here and fail at the deployment.
 * https://repost.aws/knowledge-center/unable-validate-circular-dependency-cloudformation
 */
import { subParts } from "./functions.js";
import { childOf, textOf } from "./node.js";
import type { TemplateNode } from "./node.js";
import { IMPLICIT_HTTP_API, IMPLICIT_REST_API } from "./generated-resources.js";
import { eventsOf } from "./resource.js";
import type { TemplateResource } from "./resource.js";
import type { TemplateScope } from "./scope.js";

/** Properties that SAM turns into resources of their own, so that the function does not wait for them. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  "AWS::Serverless::Function": [
    "Events",
    "DeploymentPreference",
    "EventInvokeConfig",
    "FunctionUrlConfig",
    "ProvisionedConcurrencyConfig",
  ],
  "AWS::Serverless::StateMachine": ["Events", "DeploymentPreference"],
  "AWS::Serverless::Api": ["Domain", "Auth"],
  "AWS::Serverless::HttpApi": ["Domain", "Auth"],
  "AWS::Serverless::WebSocketApi": ["Domain", "Auth", "Routes"],
};

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

export function checkDependencies(scope: TemplateScope): void {
  const written = graphOf(scope);
  const circle = circleIn(written);
  if (circle) {
    const [first = ""] = circle;
    const resource = scope.resources.get(first);
    const what = `Circular dependency between resources: [${circle.join(", ")}]`;
    const why = `${[...circle, first].join(" → ")}: CloudFormation refuses such a template`;
    if (resource)
      throw scope.problems.reference({
        ...scope.usageOf(resource),
        what,
        why,
        fix: "Use a fixed name in place of one of the references.",
      });
  }
  const generated = circleIn(withGenerated(written, scope));
  if (generated) {
    const shown = [...generated, generated[0]].join(" → ");
    scope.problems.notice(
      `AWS will refuse to deploy this template: circular dependency ${shown}. It runs here; give one of them a fixed name and use that.`,
    );
  }
}

function graphOf(scope: TemplateScope): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const [logicalId, resource] of scope.resources) {
    const targets = new Set<string>(resource.dependsOn.filter((id) => scope.resources.has(id)));
    const elsewhere = ELSEWHERE[resource.type] ?? [];
    for (const [key, entry] of resource.properties.entries)
      if (!elsewhere.includes(key)) collect(entry.value, scope, resource, targets);
    graph.set(logicalId, targets);
  }
  return graph;
}

function collect(node: TemplateNode, scope: TemplateScope, resource: TemplateResource, targets: Set<string>): void {
  const add = (name: string | undefined): void => {
    const [owner = "", property = ""] = name?.split(".") ?? [];
    const id = scope.destination(owner, property) ?? owner;
    if (scope.resources.has(id)) targets.add(id);
  };
  switch (node.kind) {
    case "scalar":
      return;
    case "list":
      for (const item of node.items) collect(item, scope, resource, targets);
      return;
    case "map":
      for (const entry of node.entries.values()) collect(entry.value, scope, resource, targets);
      return;
    case "call":
      collectCall(node.name, node.argument);
  }

  function collectCall(name: string, argument: TemplateNode): void {
    const args = argument.kind === "list" ? argument.items : [argument];
    if (name === "Ref") add(textOf(argument));
    else if (name === "Fn::GetAtt") add(args.map((arg) => textOf(arg)).join("."));
    else if (name === "Fn::If") {
      const [condition, yes, no] = args;
      const chosen = scope.condition(textOf(condition) ?? "", scope.usageOf(resource)) ? yes : no;
      if (chosen) collect(chosen, scope, resource, targets);
    } else {
      if (name === "Fn::Sub") {
        const own = args[1]?.kind === "map" ? args[1].entries : new Map<string, unknown>();
        for (const part of subParts(textOf(args[0]) ?? "")) if ("name" in part && !own.has(part.name)) add(part.name);
      }
      for (const arg of args) collect(arg, scope, resource, targets);
    }
  }
}

/** The edges that SAM adds: a bucket waits for the functions it notifies, an API for those it calls. */
function withGenerated(graph: Graph, scope: TemplateScope): Graph {
  const all = new Map([...graph].map(([id, targets]): [string, Set<string>] => [id, new Set(targets)]));
  for (const resource of scope.resources.values()) {
    if (resource.type !== "AWS::Serverless::Function") continue;
    for (const { type, properties } of eventsOf(resource)) {
      const named = childOf(properties, { S3: "Bucket", Api: "RestApiId", HttpApi: "ApiId" }[type] ?? "");
      const source = named?.kind === "call" ? textOf(named.argument) : textOf(named);
      const fallback = { Api: IMPLICIT_REST_API, HttpApi: IMPLICIT_HTTP_API }[type];
      const waits = source ?? fallback;
      if (waits !== undefined && ["S3", "Api", "HttpApi"].includes(type)) all.get(waits)?.add(resource.logicalId);
    }
  }
  return all;
}

/** The first circle, by depth-first search in the order of the template. */
function circleIn(graph: Graph): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (id: string): readonly string[] | undefined => {
    const start = path.indexOf(id);
    if (start >= 0) return path.slice(start);
    if (done.has(id)) return undefined;
    path.push(id);
    for (const target of graph.get(id) ?? []) {
      const circle = visit(target);
      if (circle) return circle;
    }
    path.pop();
    done.add(id);
    return undefined;
  };
  for (const id of graph.keys()) {
    const circle = visit(id);
    if (circle) return circle;
  }
  return undefined;
}
