/** What Ref and Fn::GetAtt give for APIs and their parts. */
import { awsUrl, idOf, name, part, seedOf, type ResourceType } from "./resource-type.js";
import { DEFAULT_STAGE as DEFAULT_WEBSOCKET_STAGE } from "./websocket-resources.js";
import { stableCode } from "./physical-name.js";

const API_ID_LENGTH = 10;

const restApi: ResourceType = {
  id: idOf(API_ID_LENGTH),
  ref: name,
  attributes: {
    RestApiId: name,
    RootResourceId: (subject) => stableCode(`${seedOf(subject)}/root`, API_ID_LENGTH, "lower"),
  },
};
const v2Api: ResourceType = {
  id: idOf(API_ID_LENGTH),
  ref: name,
  attributes: {
    ApiId: name,
    ApiEndpoint: (subject) =>
      subject.text("ProtocolType") === "WEBSOCKET"
        ? awsUrl.webSocket(subject.realm, subject.name)
        : awsUrl.api(subject.realm, subject.name),
  },
};

export const API_TYPES: Readonly<Record<string, ResourceType>> = {
  // `!Ref Api.Stage` and kin are SAM's "referenceable properties" of the resources that it generates.
  "AWS::Serverless::Api": {
    ...restApi,
    attributes: {
      ...restApi.attributes,
      Stage: (subject) => subject.text("StageName") ?? "Prod",
      Deployment: (subject) => `${subject.name}-deployment`,
    },
  },
  "AWS::ApiGateway::RestApi": restApi,
  "AWS::Serverless::HttpApi": {
    ...v2Api,
    attributes: { ...v2Api.attributes, Stage: (subject) => subject.text("StageName") ?? "$default" },
  },
  "AWS::ApiGatewayV2::Api": v2Api,
  "AWS::Serverless::WebSocketApi": {
    ...v2Api,
    attributes: {
      ApiId: name,
      ApiEndpoint: (subject) => awsUrl.webSocket(subject.realm, subject.name),
      Stage: (subject) => subject.text("StageName") ?? DEFAULT_WEBSOCKET_STAGE,
    },
  },
  "AWS::ApiGateway::Resource": part(6, "ResourceId"),
  "AWS::ApiGateway::Method": part(6),
  "AWS::ApiGateway::Deployment": part(6, "DeploymentId"),
  "AWS::ApiGateway::Stage": { nameProperty: "StageName", ref: name, attributes: {} },
  "AWS::ApiGateway::Authorizer": part(6, "AuthorizerId"),
  "AWS::ApiGateway::Account": part(6, "Id"),
  "AWS::ApiGateway::ApiKey": part(10, "APIKeyId"),
  "AWS::ApiGateway::GatewayResponse": part(6, "Id"),
  "AWS::ApiGateway::Model": { nameProperty: "Name", ref: name, attributes: {} },
  "AWS::ApiGateway::RequestValidator": part(6, "RequestValidatorId"),
  "AWS::ApiGateway::UsagePlan": part(6, "Id"),
  "AWS::ApiGateway::UsagePlanKey": part(12, "Id"),
  "AWS::ApiGatewayV2::Integration": part(7, "IntegrationId"),
  "AWS::ApiGatewayV2::Route": part(7, "RouteId"),
  "AWS::ApiGatewayV2::RouteResponse": part(7, "RouteResponseId"),
  "AWS::ApiGatewayV2::IntegrationResponse": part(7, "IntegrationResponseId"),
  "AWS::ApiGatewayV2::Model": part(6, "ModelId"),
  "AWS::ApiGatewayV2::Deployment": part(6, "DeploymentId"),
  "AWS::ApiGatewayV2::Authorizer": part(6, "AuthorizerId"),
  "AWS::ApiGatewayV2::Stage": { nameProperty: "StageName", ref: name, attributes: {} },
};
