/**
 * The raw resources that SAM makes of AWS::Serverless::WebSocketApi: a stage, the authorizer of $connect, and for each route a
 * route and its integration.
 * https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-websocketapi.html
 */
import { callNode, childOf, mapNode, scalarNode, textOf } from "./node.js";
import type { MapNode, TemplateNode } from "./node.js";
import type { TemplateResource } from "./resource.js";

/** What SAM calls the stage of an API that names none; a raw API without a stage is given the same, so that it can be reached. */
export const DEFAULT_STAGE = "default";

export interface MadePart {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: MapNode;
}

export function webSocketResources({ logicalId, properties, at }: TemplateResource): MadePart[] {
  const api = callNode("Ref", scalarNode(logicalId, at), at);
  const auth = childOf(properties, "Auth");
  const authorizerId = `${logicalId}ConnectAuthorizer`;
  const isCustom = textOf(childOf(auth, "AuthType"))?.toUpperCase() === "CUSTOM";
  const stage = textOf(childOf(properties, "StageName")) ?? DEFAULT_STAGE;
  const authorizer = mapNode(
    {
      ApiId: api,
      AuthorizerType: scalarNode("REQUEST", at),
      AuthorizerUri: invocationOf(childOf(auth, "AuthArn"), at),
      IdentitySource: childOf(auth, "IdentitySource"),
      Name: childOf(auth, "Name") ?? scalarNode(authorizerId, at),
    },
    at,
  );
  const routes = childOf(properties, "Routes");
  const keys = routes?.kind === "map" ? [...routes.entries] : [];
  return [
    {
      logicalId: `${logicalId}${stage}Stage`,
      type: "AWS::ApiGatewayV2::Stage",
      properties: mapNode(
        {
          ApiId: api,
          StageName: childOf(properties, "StageName") ?? scalarNode(DEFAULT_STAGE, at),
          StageVariables: childOf(properties, "StageVariables"),
        },
        at,
      ),
    },
    ...(isCustom ? [{ logicalId: authorizerId, type: "AWS::ApiGatewayV2::Authorizer", properties: authorizer }] : []),
    ...keys.flatMap(([routeKey, { value: route }]) => {
      const own = routeKey === "$connect" ? authOf(auth, isCustom, authorizerId) : {};
      return routeParts(`${logicalId}${idPart(routeKey)}`, { api, routeKey, route, auth: own });
    }),
  ];
}

/** As SAM's translator writes it: `$connect` becomes `Connect`, `sendMessage` becomes `Sendmessage`. */
function idPart(routeKey: string): string {
  const name = routeKey.replace(/^\$/, "");
  return name.slice(0, 1).toUpperCase() + name.slice(1).toLowerCase();
}

function authOf(
  auth: TemplateNode | undefined,
  isCustom: boolean,
  authorizerId: string,
): Readonly<Record<string, TemplateNode | undefined>> {
  if (auth === undefined) return {};
  return {
    AuthorizationType: childOf(auth, "AuthType"),
    ...(isCustom ? { AuthorizerId: callNode("Ref", scalarNode(authorizerId, auth.at), auth.at) } : {}),
  };
}

function routeParts(
  id: string,
  route: {
    readonly api: TemplateNode;
    readonly routeKey: string;
    readonly route: TemplateNode;
    readonly auth: Readonly<Record<string, TemplateNode | undefined>>;
  },
): MadePart[] {
  const { api, routeKey, auth } = route;
  const { at } = route.route;
  const integrationId = `${id}Integration`;
  const passed = ["ApiKeyRequired", "ModelSelectionExpression", "OperationName", "RequestModels", "RequestParameters"];
  const own = [...passed, "RouteResponseSelectionExpression"].map(
    (name) => [name, childOf(route.route, name)] as const,
  );
  const integration = callNode("Ref", scalarNode(integrationId, at), at);
  const parts: TemplateNode = { kind: "list", items: [scalarNode("integrations", at), integration], at };
  const target = callNode("Fn::Join", { kind: "list", items: [scalarNode("/", at), parts], at }, at);
  return [
    {
      logicalId: integrationId,
      type: "AWS::ApiGatewayV2::Integration",
      properties: mapNode(
        {
          ApiId: api,
          IntegrationType: scalarNode("AWS_PROXY", at),
          IntegrationUri: invocationOf(childOf(route.route, "FunctionArn"), at),
          TimeoutInMillis: childOf(route.route, "IntegrationTimeout"),
        },
        at,
      ),
    },
    {
      logicalId: `${id}Route`,
      type: "AWS::ApiGatewayV2::Route",
      properties: mapNode(
        { ApiId: api, RouteKey: scalarNode(routeKey, at), Target: target, ...auth, ...Object.fromEntries(own) },
        at,
      ),
    },
  ];
}

function invocationOf(functionArn: TemplateNode | undefined, at: TemplateNode["at"]): TemplateNode | undefined {
  if (functionArn === undefined) return undefined;
  const uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn}/invocations";
  const argument: TemplateNode = {
    kind: "list",
    items: [scalarNode(uri, at), mapNode({ Fn: functionArn }, at)],
    at,
  };
  return callNode("Fn::Sub", argument, at);
}
