/**
 * What guards and slows an API: throttling and access logs of its stage, usage plans with their keys, and authorizer
 * resources. SAM writes them into the API, raw CloudFormation spreads them over resources of their own.
 */
import { createHash } from "node:crypto";
import type { ApiKeyConfig, ApiSettings, Throttle, UsagePlan } from "../api-config.js";
import { listOf, objectOf, textOf } from "../json.js";
import type { Json, JsonObject } from "../json.js";
import type { BuildContext } from "./build-context.js";
import { gatewayResponsesOf } from "./gateway-responses.js";
import { usagePlanPrefix } from "./generated-resources.js";
import type { TemplateResource } from "./resource.js";

/** Of an account, where nothing else is said. */
const ACCOUNT_THROTTLE: Throttle = { rateLimit: 10_000, burstLimit: 5000 };
const KEY_LENGTH = 40;

export function apiSettingsOf(resource: TemplateResource, apiId: string, context: BuildContext): ApiSettings {
  const { scope } = context;
  const own = scope.propertiesOf(resource).value;
  const stages = [
    own,
    ...propertiesOfType(/^AWS::ApiGateway(V2)?::Stage$/, context).filter(
      (stage) => stage["RestApiId"] === apiId || stage["ApiId"] === apiId,
    ),
  ];
  const routeThrottles: Record<string, Throttle> = {};
  let throttle: Throttle | undefined;
  let accessLog: ApiSettings["accessLog"];
  for (const stage of stages) {
    throttle = throttleOf(stage["DefaultRouteSettings"], "Throttling") ?? throttle;
    for (const [route, settings] of Object.entries(objectOf(stage["RouteSettings"]))) {
      const found = throttleOf(settings, "Throttling");
      if (found !== undefined) routeThrottles[route] = found;
    }
    for (const settings of listOf(stage["MethodSettings"])) {
      const found = throttleOf(settings, "Throttling");
      if (found === undefined) continue;
      const { ResourcePath: path, HttpMethod: method } = objectOf(settings);
      if (path === "/*" || path === undefined) throttle = found;
      else routeThrottles[`${method === "*" ? "ANY" : textOf(method)} ${pathOf(textOf(path))}`] = found;
    }
    const log = objectOf(stage["AccessLogSetting"] ?? stage["AccessLogSettings"]);
    if (typeof log["Format"] === "string")
      accessLog = { destinationArn: textOf(log["DestinationArn"]), format: log["Format"] };
  }
  return {
    throttle,
    routeThrottles,
    accessLog,
    usagePlans: [...samPlans(resource, objectOf(own["Auth"]), context), ...rawPlans(apiId, context)],
    apiKeySource: keySourceOf(own),
    minimumCompressionBytes: compressionOf(own),
    gatewayResponses: gatewayResponsesOf(
      own,
      propertiesOfType(/^AWS::ApiGateway::GatewayResponse$/, context).filter(({ RestApiId }) => RestApiId === apiId),
    ),
    authorizers: authorizersOf(apiId, context),
  };
}

function compressionOf(properties: JsonObject): number | undefined {
  const document = objectOf(properties["DefinitionBody"] ?? properties["Body"]);
  const size = properties["MinimumCompressionSize"] ?? document["x-amazon-apigateway-minimum-compression-size"];
  return size === undefined || size === null ? undefined : Number(size);
}

/** `ApiKeySourceType` of the API, or the word of its OpenAPI document. */
function keySourceOf(properties: JsonObject): ApiSettings["apiKeySource"] {
  const document = objectOf(properties["DefinitionBody"] ?? properties["Body"]);
  const declared = properties["ApiKeySourceType"] ?? document["x-amazon-apigateway-api-key-source"];
  return declared === "AUTHORIZER" ? "AUTHORIZER" : "HEADER";
}

/** `/~1items~1{id}` in the stage resource, `/items/{id}` in SAM. */
function pathOf(written: string): string {
  return written.replaceAll("~1", "/").replace(/^\/+/, "/");
}

function throttleOf(value: Json | undefined, prefix: "" | "Throttling"): Throttle | undefined {
  const settings = objectOf(value);
  const rate = prefix === "" ? settings["RateLimit"] : settings["ThrottlingRateLimit"];
  const burst = prefix === "" ? settings["BurstLimit"] : settings["ThrottlingBurstLimit"];
  if (rate === undefined && burst === undefined) return undefined;
  return {
    rateLimit: Number(rate ?? ACCOUNT_THROTTLE.rateLimit),
    burstLimit: Number(burst ?? ACCOUNT_THROTTLE.burstLimit),
  };
}

function quotaOf(value: Json | undefined): UsagePlan["quota"] {
  const { Limit: limit, Period: period } = objectOf(value);
  if (limit === undefined) return undefined;
  return { limit: Number(limit), period: period === "WEEK" || period === "MONTH" ? period : "DAY" };
}

/** `Auth.UsagePlan` makes a plan with one key, whose value AWS draws; more keys may be put into it by resources. */
function samPlans({ logicalId }: TemplateResource, auth: JsonObject, context: BuildContext): readonly UsagePlan[] {
  const plan = objectOf(auth["UsagePlan"]);
  const prefix = usagePlanPrefix(logicalId, plan["CreateUsagePlan"]);
  if (prefix === undefined) return [];
  const id = `${prefix}UsagePlan`;
  const own = [...keysOf(context).values()].filter((key) => key.logicalId === `${prefix}ApiKey`);
  return [
    {
      id,
      throttle: throttleOf(plan["Throttle"], ""),
      stages: [],
      methodThrottles: {},
      quota: quotaOf(plan["Quota"]),
      keys: [...own.map(({ key }) => key), ...keysIn(id, context)],
    },
  ];
}

/** API keys by what a `Ref` to them gives. */
function keysOf(
  context: BuildContext,
): ReadonlyMap<string, { readonly logicalId: string; readonly key: ApiKeyConfig }> {
  return new Map(
    resourcesOfType("AWS::ApiGateway::ApiKey", context).map(({ id, logicalId, properties }) => [
      id,
      { logicalId, key: keyOf(id, logicalId, properties) },
    ]),
  );
}

/** Those that the template puts into a plan by resources of their own. */
function keysIn(planLogicalId: string, context: BuildContext): readonly ApiKeyConfig[] {
  const plan = resourcesOfType("AWS::ApiGateway::UsagePlan", context).find(
    ({ logicalId }) => logicalId === planLogicalId,
  );
  const keys = keysOf(context);
  return propertiesOfType(/^AWS::ApiGateway::UsagePlanKey$/, context)
    .filter((member) => plan !== undefined && member["UsagePlanId"] === plan.id)
    .flatMap((member) => keys.get(textOf(member["KeyId"]))?.key ?? []);
}

/** A value that AWS draws follows here from the logical id. */
function keyOf(id: string, logicalId: string, properties: JsonObject): ApiKeyConfig {
  const value = properties["Value"];
  const digest = createHash("sha256").update(`api key ${logicalId}`).digest("hex");
  return {
    id,
    name: typeof properties["Name"] === "string" ? properties["Name"] : logicalId,
    value: typeof value === "string" ? value : digest.slice(0, KEY_LENGTH),
    isGenerated: typeof value !== "string",
    enabled: properties["Enabled"] !== false && properties["Enabled"] !== "false",
  };
}

function rawPlans(apiId: string, context: BuildContext): readonly UsagePlan[] {
  return resourcesOfType("AWS::ApiGateway::UsagePlan", context).flatMap(({ logicalId, properties }) => {
    const stages = listOf(properties["ApiStages"])
      .map(objectOf)
      .filter((stage) => stage["ApiId"] === apiId);
    if (stages.length === 0) return [];
    const methodThrottles = stages
      .flatMap((stage) => Object.entries(objectOf(stage["Throttle"])))
      .flatMap(([method, value]) => {
        const throttle = throttleOf(value, "");
        return throttle === undefined ? [] : [[method, throttle] as const];
      });
    return [
      {
        id: logicalId,
        throttle: throttleOf(properties["Throttle"], ""),
        stages: stages.map((stage) => textOf(stage["Stage"])).filter((stage) => stage !== ""),
        methodThrottles: Object.fromEntries(methodThrottles),
        quota: quotaOf(properties["Quota"]),
        keys: keysIn(logicalId, context),
      },
    ];
  });
}

function authorizersOf(apiId: string, context: BuildContext): Readonly<Record<string, JsonObject>> {
  const found = [
    ...resourcesOfType("AWS::ApiGateway::Authorizer", context),
    ...resourcesOfType("AWS::ApiGatewayV2::Authorizer", context),
  ];
  return Object.fromEntries(
    found
      .filter(({ properties }) => properties["RestApiId"] === apiId || properties["ApiId"] === apiId)
      .map(({ id, properties }) => [id, properties]),
  );
}

/** Resources of a type, each with what a `Ref` to it gives. */
function resourcesOfType(
  type: string,
  { scope }: BuildContext,
): readonly { readonly id: string; readonly logicalId: string; readonly properties: JsonObject }[] {
  return [...scope.resources.values()]
    .filter((resource) => resource.type === type)
    .map((resource) => ({
      id: scope.nameOf(resource.logicalId, scope.usageOf(resource)),
      logicalId: resource.logicalId,
      properties: scope.propertiesOf(resource).value,
    }));
}

function propertiesOfType(type: RegExp, { scope }: BuildContext): readonly JsonObject[] {
  return [...scope.resources.values()]
    .filter((resource) => type.test(resource.type))
    .map((resource) => scope.propertiesOf(resource).value);
}
