/**
 * What SAM makes beside the resources that are written, as far as templates refer to it: `<Function>Role`, `<Function>Url`,
 * `<Function>EventInvokeConfigOnFailureQueue`, `ServerlessRestApi`, `ServerlessHttpApi`, the rules and mappings of events.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources.html
 */
import { generatedDestinations } from "./destination.js";
import { mergeGlobals } from "./globals.js";
import { callNode, childOf, emptyMap, mapNode, scalarNode, textOf } from "./node.js";
import type { MapNode, TemplateNode } from "./node.js";
import { eventsOf } from "./resource.js";
import type { TemplateEvent, TemplateResource } from "./resource.js";
import { generatedDeadLetterQueue } from "./target.js";
import { webSocketResources } from "./websocket-resources.js";

type Globals = ReadonlyMap<string, MapNode>;

interface Made {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: MapNode;
  /** Shared with others: there whatever the condition of the resource that it is made for. */
  readonly always?: true;
}

export const IMPLICIT_REST_API = "ServerlessRestApi";
export const IMPLICIT_HTTP_API = "ServerlessHttpApi";
const IMPLICIT_STAGE = "Prod";

/** What is written under the same logical id stands in place of what would be made. */
export function generatedResources(resources: readonly TemplateResource[], globals: Globals): TemplateResource[] {
  const written = new Set(resources.map(({ logicalId }) => logicalId));
  const generated = new Map<string, TemplateResource>();
  for (const resource of resources)
    for (const { logicalId, type, properties, always } of madeFor(resource, globals)) {
      if (written.has(logicalId) || generated.has(logicalId)) continue;
      const { at, condition } = resource;
      const made = { logicalId, type, properties, at, metadata: undefined, dependsOn: [], implicit: true };
      generated.set(logicalId, { ...made, condition: always ? undefined : condition });
    }
  return [...generated.values()];
}

function madeFor(resource: TemplateResource, globals: Globals): Made[] {
  switch (resource.type) {
    case "AWS::Serverless::Api":
      return [...usagePlanOf(resource.logicalId, resource.properties), stageOf(resource)];
    case "AWS::Serverless::HttpApi":
      return [stageOf(resource)];
    case "AWS::Serverless::WebSocketApi":
      return webSocketResources(resource);
    case "AWS::Serverless::Function":
    case "AWS::Serverless::StateMachine":
      return [
        ...partsOf(resource),
        ...eventsOf(resource).flatMap((event) => BY_EVENT.get(event.type)?.(resource, event, globals) ?? []),
      ];
    default:
      return [];
  }
}

function stageOf({ logicalId, properties, at }: TemplateResource): Made {
  const stage = textOf(childOf(properties, "StageName"));
  return {
    logicalId: `${logicalId}${stage ?? "ApiGatewayDefault"}Stage`,
    type: "AWS::ApiGateway::Stage",
    properties: mapNode({ StageName: scalarNode(stage ?? "$default", at) }, at),
  };
}

/**
 * What the logical ids of a usage plan, its key and the two together begin with. Undefined when there is none.
 * AWS SAM developer guide, "ApiUsagePlan".
 */
export function usagePlanPrefix(apiId: string, createUsagePlan: unknown): string | undefined {
  if (createUsagePlan === "SHARED") return "Serverless";
  return createUsagePlan === "PER_API" ? apiId : undefined;
}

function usagePlanOf(apiId: string, api: TemplateNode): Made[] {
  const settings = childOf(childOf(api, "Auth"), "UsagePlan");
  const prefix = usagePlanPrefix(apiId, textOf(childOf(settings, "CreateUsagePlan")));
  if (prefix === undefined) return [];
  return ["UsagePlan", "ApiKey", "UsagePlanKey"].map((part) => ({
    logicalId: `${prefix}${part}`,
    type: `AWS::ApiGateway::${part}`,
    properties: emptyMap(api.at),
    // One that several APIs share is there when any of them is.
    ...(prefix === apiId ? {} : { always: true }),
  }));
}

/** Role, URL, destinations and alias of a function; a state machine has a role and an alias alone. */
function partsOf({ logicalId, type, properties, at }: TemplateResource): Made[] {
  const parts: Made[] = [];
  const self = callNode("Ref", scalarNode(logicalId, at), at);
  if (!properties.entries.has("Role")) {
    const role = mapNode({ Path: childOf(properties, "RolePath") }, at);
    parts.push({ logicalId: `${logicalId}Role`, type: "AWS::IAM::Role", properties: role });
  }
  if (properties.entries.has("FunctionUrlConfig")) {
    const url = mapNode({ TargetFunctionArn: self }, at);
    parts.push({ logicalId: `${logicalId}Url`, type: "AWS::Lambda::Url", properties: url });
  }
  for (const { logicalId: id, resourceType } of generatedDestinations(logicalId, properties))
    parts.push({ logicalId: id, type: resourceType, properties: emptyMap(at) });
  const name = textOf(childOf(properties, "AutoPublishAlias"));
  if (name === undefined) return parts;
  const aliasId = `${logicalId}Alias${name}`;
  if (type === "AWS::Serverless::StateMachine") {
    const versionId = `${logicalId}Version`;
    const version = mapNode({ StateMachineArn: self }, at);
    parts.push({ logicalId: versionId, type: "AWS::StepFunctions::StateMachineVersion", properties: version });
    const latest = mapNode({ StateMachineVersionArn: callNode("Ref", scalarNode(versionId, at), at) }, at);
    const alias = mapNode({ Name: scalarNode(name, at), DeploymentPreference: latest }, at);
    parts.push({ logicalId: aliasId, type: "AWS::StepFunctions::StateMachineAlias", properties: alias });
  } else {
    const alias = mapNode({ Name: scalarNode(name, at), FunctionName: self }, at);
    parts.push({ logicalId: aliasId, type: "AWS::Lambda::Alias", properties: alias });
  }
  return parts;
}

type ForEvent = (owner: TemplateResource, event: TemplateEvent, globals: Globals) => Made[];

/** One of the event's own, with these of its properties. */
const ownOf =
  (type: string, properties: Readonly<Record<string, string>> = {}): ForEvent =>
  ({ logicalId, at }, { eventId, properties: event }) => {
    const entries = Object.entries(properties).map(([name, source]) => [name, childOf(event, source)] as const);
    return [{ logicalId: `${logicalId}${eventId}`, type, properties: mapNode(Object.fromEntries(entries), at) }];
  };

/** `DeadLetterConfig: { Type: SQS }` asks for a queue. */
const withDeadLetters =
  (made: ForEvent): ForEvent =>
  (owner, event, globals) => {
    const queue = generatedDeadLetterQueue(`${owner.logicalId}${event.eventId}`, event.properties);
    const parts = made(owner, event, globals);
    return queue === undefined
      ? parts
      : [...parts, { logicalId: queue, type: "AWS::SQS::Queue", properties: emptyMap(owner.at) }];
  };

const rule = withDeadLetters(ownOf("AWS::Events::Rule", { Name: "RuleName", EventBusName: "EventBusName" }));
const mapping = ownOf("AWS::Lambda::EventSourceMapping");

const BY_EVENT: ReadonlyMap<string, ForEvent> = new Map([
  ["Api", implicitRestApi],
  ["HttpApi", implicitHttpApi],
  ["Schedule", withDeadLetters(ownOf("AWS::Events::Rule", { Name: "Name" }))],
  ["EventBridgeRule", rule],
  ["CloudWatchEvent", rule],
  ["ScheduleV2", withDeadLetters(schedule)],
  ["SQS", mapping],
  ["DynamoDB", mapping],
  ["Kinesis", mapping],
  ["SNS", queueBetween],
  ["CloudWatchLogs", ownOf("AWS::Logs::SubscriptionFilter")],
]);

/** Its name is its logical id, unless the event says that CloudFormation is to make one. */
function schedule(owner: TemplateResource, event: TemplateEvent): Made[] {
  const { properties, eventId } = event;
  const logicalId = `${owner.logicalId}${eventId}`;
  const omitsName = saysTrue(childOf(properties, "OmitName"));
  const name = childOf(properties, "Name") ?? (omitsName ? undefined : scalarNode(logicalId, owner.at));
  const own = mapNode({ Name: name, GroupName: childOf(properties, "GroupName") }, owner.at);
  return [{ logicalId, type: "AWS::Scheduler::Schedule", properties: own }];
}

function implicitRestApi({ at }: TemplateResource, { properties }: TemplateEvent, globals: Globals): Made[] {
  if (childOf(properties, "RestApiId") !== undefined) return [];
  const stage = mapNode({ StageName: scalarNode(IMPLICIT_STAGE, at) }, at);
  const api = mergeGlobals(globals.get("AWS::Serverless::Api"), stage);
  const shared: Made[] = [
    ...(api.kind === "map" ? [{ logicalId: IMPLICIT_REST_API, type: "AWS::Serverless::Api", properties: api }] : []),
    ...usagePlanOf(IMPLICIT_REST_API, api),
    { logicalId: `${IMPLICIT_REST_API}${IMPLICIT_STAGE}Stage`, type: "AWS::ApiGateway::Stage", properties: stage },
  ];
  return shared.map((made) => ({ ...made, always: true }));
}

function implicitHttpApi({ at }: TemplateResource, { properties }: TemplateEvent, globals: Globals): Made[] {
  if (childOf(properties, "ApiId") !== undefined) return [];
  const api = globals.get("AWS::Serverless::HttpApi") ?? emptyMap(at);
  return [{ logicalId: IMPLICIT_HTTP_API, type: "AWS::Serverless::HttpApi", properties: api, always: true }];
}

/** A queue between topic and function; with properties, SqsSubscription names one that is there. */
function queueBetween({ logicalId, at }: TemplateResource, { eventId, properties }: TemplateEvent): Made[] {
  if (!saysTrue(childOf(properties, "SqsSubscription"))) return [];
  return [{ logicalId: `${logicalId}${eventId}Queue`, type: "AWS::SQS::Queue", properties: emptyMap(at) }];
}

const saysTrue = (node: TemplateNode | undefined): boolean =>
  node?.kind === "scalar" && String(node.value).toLowerCase() === "true";
