/** What the names of one template mean: parameters, pseudo parameters, resources and their attributes, conditions, mappings. */
import type { Realm } from "../../shared/arn.js";
import type { Json } from "../json.js";
import { didYouMean } from "../nearest.js";
import { destinationsReferredTo } from "./destination.js";
import { childOf, plainOf } from "./node.js";
import type { Position, TemplateNode } from "./node.js";
import type { ParameterValue } from "./parameters.js";
import { parameterJson } from "./parameters.js";
import { physicalName, stableCode } from "./physical-name.js";
import type { Problems } from "./problem.js";
import type { TemplateResource } from "./resource.js";
import { RESOURCE_TYPES } from "./resource-types.js";
import type { ResourceType, Subject } from "./resource-type.js";
import { evaluateCondition, resolve } from "./resolve.js";
import type { Scope, Usage } from "./resolve.js";
import { uuidOf } from "./resource-type.js";

export interface ScopeInput {
  readonly realm: Realm;
  readonly stackName: string;
  readonly parameters: ReadonlyMap<string, ParameterValue>;
  readonly conditions: TemplateNode | undefined;
  readonly mappings: TemplateNode | undefined;
  readonly importValues: Readonly<Record<string, string>>;
  readonly include: (location: string, usage: Usage) => TemplateNode;
  readonly problems: Problems;
}

/** `!Ref Api.Stage`: SAM's referenceable properties. */
const REFERENCEABLE = new Set(["Stage", "Deployment", "Version", "Alias", "DestinationQueue", "DestinationTopic"]);

const PSEUDO_PARAMETERS = [
  "AccountId",
  "NotificationARNs",
  "NoValue",
  "Partition",
  "Region",
  "StackId",
  "StackName",
  "URLSuffix",
].map((name) => `AWS::${name}`);

export class TemplateScope implements Scope {
  readonly problems: Problems;
  readonly region: string;
  readonly stackName: string;
  readonly realm: Realm;
  readonly #input: ScopeInput;
  readonly #resources = new Map<string, TemplateResource>();
  readonly #conditions = new Map<string, boolean>();
  readonly #names = new Map<string, string>();
  /** What is being worked out, outermost first: finding it again is a circle. */
  readonly #resolving: string[] = [];

  constructor(input: ScopeInput) {
    this.#input = input;
    this.problems = input.problems;
    this.realm = input.realm;
    this.region = input.realm.region;
    this.stackName = input.stackName;
  }

  /** Adds resources whose condition holds. */
  declare(resources: readonly TemplateResource[]): void {
    for (const resource of resources) {
      const { condition, logicalId, at } = resource;
      if (condition !== undefined && !this.condition(condition, { at, path: ["Resources", logicalId, "Condition"] }))
        continue;
      this.#resources.set(logicalId, resource);
    }
  }

  get resources(): ReadonlyMap<string, TemplateResource> {
    return this.#resources;
  }

  reference(name: string, usage: Usage): Json | undefined {
    if (name === "AWS::NoValue") return undefined;
    if (name.startsWith("AWS::")) return this.#pseudo(name, usage);
    const parameter = this.#input.parameters.get(name);
    if (parameter !== undefined) return parameterJson(parameter);
    const dot = name.indexOf(".");
    if (dot > 0 && REFERENCEABLE.has(name.slice(dot + 1)))
      return this.attribute(name.slice(0, dot), name.slice(dot + 1), usage);
    const resource = this.#find(name, usage, true);
    const type = RESOURCE_TYPES[resource.type];
    const subject = this.#subject(resource, usage);
    return type ? type.ref(subject) : this.#placeholder(resource, undefined, subject.name);
  }

  attribute(logicalId: string, attribute: string, usage: Usage): string {
    const [property = "", ...rest] = attribute.split(".");
    const destination = this.destination(logicalId, property);
    if (destination !== undefined) {
      // `${Fn.DestinationQueue}` of a Sub: SAM makes a Ref of it.
      const reference = rest.length === 0 ? this.reference(destination, usage) : undefined;
      return typeof reference === "string" ? reference : this.attribute(destination, rest.join("."), usage);
    }
    const resource = this.#find(logicalId, usage, false);
    const type = RESOURCE_TYPES[resource.type];
    const subject = this.#subject(resource, usage);
    if (!type) return this.#placeholder(resource, attribute, subject.name);
    const read = type.attributes[attribute];
    if (read) return read(subject);
    const known = Object.keys(type.attributes);
    const what = `${resource.type} ${logicalId} has no attribute "${attribute}".${didYouMean(attribute, known)}`;
    throw this.problems.reference({
      ...usage,
      what,
      fix: known.length === 0 ? "Use Ref." : `Use one of: ${known.join(", ")}.`,
    });
  }

  /** The resource that `Fn.DestinationQueue` or `Fn.DestinationTopic` stands for. */
  destination(functionId: string, property: string): string | undefined {
    return destinationsReferredTo(functionId, property).find((logicalId) => this.#resources.has(logicalId));
  }

  condition(name: string, usage: Usage): boolean {
    const known = this.#conditions.get(name);
    if (known !== undefined) return known;
    const node = childOf(this.#input.conditions, name);
    if (!node) {
      const names = this.#input.conditions?.kind === "map" ? [...this.#input.conditions.entries.keys()] : [];
      const fix =
        names.length === 0
          ? "Declare it under Conditions."
          : `Declare it under Conditions, or use one of: ${names.join(", ")}.`;
      throw this.problems.reference({
        ...usage,
        what: `The condition "${name}" is not declared.${didYouMean(name, names)}`,
        fix,
      });
    }
    const value = this.#guard(`Conditions.${name}`, usage, () => evaluateCondition(node, this, ["Conditions", name]));
    this.#conditions.set(name, value);
    return value;
  }

  mapping(map: string, top: string, second: string, usage: Usage): TemplateNode | undefined {
    const { mappings } = this.#input;
    const found = childOf(mappings, map);
    if (!found) {
      const names = mappings?.kind === "map" ? [...mappings.entries.keys()] : [];
      throw this.problems.reference({
        ...usage,
        what: `The mapping "${map}" is not declared.${didYouMean(map, names)}`,
        fix: "Declare it under Mappings.",
      });
    }
    return childOf(childOf(found, top), second);
  }

  importValue(name: string): string {
    const given = this.#input.importValues[name];
    if (given !== undefined) return given;
    return this.problems.placeholder(
      `imported-${name}`,
      `Fn::ImportValue ${name} comes from another stack`,
      "Give it under importValues.",
    );
  }

  include(location: string, usage: Usage): TemplateNode {
    return this.#input.include(location, usage);
  }

  /** The physical name (or id) of a resource. */
  nameOf(logicalId: string, usage: Usage): string {
    const known = this.#names.get(logicalId);
    if (known !== undefined) return known;
    const resource = this.#find(logicalId, usage, false);
    const name = this.#guard(logicalId, usage, () => this.#makeName(resource, RESOURCE_TYPES[resource.type]));
    this.#names.set(logicalId, name);
    return name;
  }

  /** A property, resolved; undefined when it is absent or AWS::NoValue. Dots step into maps and lists. */
  property(resource: TemplateResource, property: string): TemplateNode | undefined {
    let node: TemplateNode | undefined = resource.properties;
    const steps = property.split(".");
    for (const step of steps) node = node?.kind === "list" ? node.items[Number(step)] : childOf(node, step);
    return node === undefined
      ? undefined
      : resolve(node, this, ["Resources", resource.logicalId, "Properties", ...steps]);
  }

  #text(resource: TemplateResource, property: string): string | undefined {
    const node = this.property(resource, property);
    return node?.kind === "scalar" && node.value !== null ? String(node.value) : undefined;
  }

  #makeName(resource: TemplateResource, type: ResourceType | undefined): string {
    const { logicalId } = resource;
    if (type?.id)
      return type.id({
        logicalId,
        stackName: this.stackName,
        realm: this.realm,
        text: (property) => this.#text(resource, property),
      });
    const given = type?.nameProperty === undefined ? undefined : this.#text(resource, type.nameProperty);
    if (given !== undefined) return given;
    const form = type?.nameForm ?? { maxLength: 255, letters: "upper" };
    const fifo = this.#text(resource, "FifoQueue") === "true" || this.#text(resource, "FifoTopic") === "true";
    if (!fifo) return physicalName(this.stackName, logicalId, form);
    return `${physicalName(this.stackName, logicalId, { ...form, maxLength: form.maxLength - ".fifo".length })}.fifo`;
  }

  #subject(resource: TemplateResource, usage: Usage): Subject {
    const { logicalId } = resource;
    const text = (property: string): string | undefined =>
      this.#guard(`${logicalId}.${property}`, usage, () => this.#text(resource, property));
    return { logicalId, name: this.nameOf(logicalId, usage), stackName: this.stackName, realm: this.realm, text };
  }

  #guard<T>(key: string, usage: Usage, work: () => T): T {
    const start = this.#resolving.indexOf(key);
    if (start >= 0) {
      const circle = [...this.#resolving.slice(start), key];
      throw this.problems.reference({
        ...usage,
        what: `Circular reference: ${circle.join(" → ")}`,
        fix: "Give one of them a fixed name.",
      });
    }
    this.#resolving.push(key);
    try {
      return work();
    } finally {
      this.#resolving.pop();
    }
  }

  #find(logicalId: string, usage: Usage, asReference: boolean): TemplateResource {
    const resource = this.#resources.get(logicalId);
    if (resource) return resource;
    const names = [
      ...this.#resources.keys(),
      ...(asReference ? [...this.#input.parameters.keys(), ...PSEUDO_PARAMETERS] : []),
    ];
    const what = `"${logicalId}" is ${asReference ? "neither a resource nor a parameter" : "not a resource"} of this template.${didYouMean(logicalId, names)}`;
    throw this.problems.reference({ ...usage, what, ...this.#absence(logicalId, asReference) });
  }

  #absence(logicalId: string, asReference: boolean): { readonly why?: string; readonly fix?: string } {
    if (!asReference && this.#input.parameters.has(logicalId))
      return { why: "it is a parameter, and parameters have no attributes", fix: "Use Ref." };
    return asReference ? {} : { fix: "Declare the resource, or mend the name." };
  }

  /** Names of resources that are not emulated still have to be something. */
  #placeholder(resource: TemplateResource, attribute: string | undefined, name: string): string {
    const { logicalId, type } = resource;
    const shown = attribute === undefined ? logicalId : `${logicalId}.${attribute}`;
    const [, service = "unknown"] = type.toLowerCase().split("::");
    const { region, accountId } = this.realm;
    const value =
      attribute === undefined
        ? name
        : attribute.endsWith("Arn")
          ? `arn:aws:${service}:${region}:${accountId}:${name}`
          : `${stableCode(shown, 8, "lower")}.${service}.invalid`;
    return this.problems.placeholder(value, `${shown} belongs to ${type}, which is not emulated`);
  }

  #pseudo(name: string, usage: Usage): Json {
    const { realm, stackName } = this;
    switch (name) {
      case "AWS::Region":
        return realm.region;
      case "AWS::AccountId":
        return realm.accountId;
      case "AWS::Partition":
        return "aws";
      case "AWS::StackName":
        return stackName;
      case "AWS::StackId":
        return `arn:aws:cloudformation:${realm.region}:${realm.accountId}:stack/${stackName}/${uuidOf(stackName)}`;
      case "AWS::URLSuffix":
        return "amazonaws.com";
      case "AWS::NotificationARNs":
        return [];
      default:
        throw this.problems.reference({
          ...usage,
          what: `${name} is not a pseudo parameter.${didYouMean(name, PSEUDO_PARAMETERS)}`,
          fix: `Use one of: ${PSEUDO_PARAMETERS.join(", ")}.`,
        });
    }
  }

  /** The properties of a resource, resolved and as plain JSON. */
  propertiesOf(resource: TemplateResource): {
    readonly node: TemplateNode;
    readonly value: { readonly [key: string]: Json };
  } {
    const node =
      resolve(resource.properties, this, ["Resources", resource.logicalId, "Properties"]) ?? resource.properties;
    return { node, value: plainOf(node) as { readonly [key: string]: Json } };
  }

  /** Where a resource stands. */
  usageOf(
    resource: TemplateResource,
    ...path: readonly PropertyKey[]
  ): { readonly at: Position; readonly path: readonly PropertyKey[] } {
    return { at: resource.at, path: ["Resources", resource.logicalId, ...path] };
  }
}
