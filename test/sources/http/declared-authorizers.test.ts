/** Authorizers that are declared as raw resources and in OpenAPI documents guard their routes as SAM's do. */
import { Doors, eventIn, HEAD, type Answer } from "./fixture.js";

const uri = (name: string): string =>
  `!Sub "arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${name}.Arn}/invocations"`;
const proxy = (more = ""): string =>
  `x-amazon-apigateway-integration: { type: aws_proxy, httpMethod: POST, uri: ${uri("Echo")}${more} }`;

const TEMPLATE = `${HEAD}
Resources:
  Echo: { Type: AWS::Serverless::Function, Properties: { Handler: echo.handler } }
  Asked: { Type: AWS::Serverless::Function, Properties: { Handler: auth.handler } }
  Raw: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: raw, ProtocolType: HTTP } }
  RawStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Raw, StageName: $default } }
  RawAuthorizer:
    Type: AWS::ApiGatewayV2::Authorizer
    Properties:
      ApiId: !Ref Raw
      Name: raw
      AuthorizerType: REQUEST
      AuthorizerPayloadFormatVersion: "2.0"
      EnableSimpleResponses: true
      IdentitySource: [$request.header.x-who]
      AuthorizerUri: ${uri("Asked")}
  RawIntegration: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref Raw, IntegrationType: AWS_PROXY, PayloadFormatVersion: "2.0", IntegrationUri: !GetAtt Echo.Arn } }
  RawRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Raw, RouteKey: GET /guarded, AuthorizationType: CUSTOM, AuthorizerId: !Ref RawAuthorizer, Target: !Sub "integrations/\${RawIntegration}" } }
  OpenRoute: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Raw, RouteKey: GET /open, Target: !Sub "integrations/\${RawIntegration}" } }
  Old: { Type: AWS::ApiGateway::RestApi, Properties: { Name: old } }
  OldStage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Old, StageName: v1 } }
  OldAuthorizer: { Type: AWS::ApiGateway::Authorizer, Properties: { RestApiId: !Ref Old, Name: old, Type: TOKEN, IdentitySource: method.request.header.x-token, AuthorizerUri: ${uri("Asked")} } }
  OldGuarded: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Old, ParentId: !GetAtt Old.RootResourceId, PathPart: guarded } }
  OldMethod: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Old, ResourceId: !Ref OldGuarded, HttpMethod: GET, AuthorizationType: CUSTOM, AuthorizerId: !Ref OldAuthorizer, Integration: { Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: ${uri("Echo")} } } }
  Document:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody:
        swagger: "2.0"
        paths:
          /guarded: { get: { security: [{ token: [] }], ${proxy()} } }
          /open: { get: { security: [], ${proxy()} } }
          /signed: { get: { security: [{ sigv4: [] }], ${proxy()} } }
          /keyed: { get: { security: [{ api_key: [] }], ${proxy()} } }
        security: [{ token: [] }]
        securityDefinitions:
          token: { type: apiKey, name: x-token, in: header, x-amazon-apigateway-authtype: custom, x-amazon-apigateway-authorizer: { type: token, authorizerUri: ${uri("Asked")}, identityValidationExpression: "who-.*" } }
          sigv4: { type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4 }
          api_key: { type: apiKey, name: x-api-key, in: header }
  Modern:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody:
        openapi: "3.0.1"
        components:
          securitySchemes:
            simple: { type: apiKey, name: x-who, in: header, x-amazon-apigateway-authorizer: { type: request, identitySource: $request.header.x-who, authorizerPayloadFormatVersion: "2.0", enableSimpleResponses: true, authorizerUri: ${uri("Asked")} } }
            tokens: { type: oauth2, x-amazon-apigateway-authorizer: { type: jwt, identitySource: $request.header.Authorization, jwtConfiguration: { issuer: "https://issuer.example.com", audience: [a] } } }
        paths:
          /guarded: { get: { security: [{ simple: [] }], ${proxy(', payloadFormatVersion: "2.0"')} } }
          /jwt: { get: { security: [{ tokens: [read] }], ${proxy(', payloadFormatVersion: "2.0"')} } }
          /open: { get: { ${proxy(', payloadFormatVersion: "2.0"')} } }
`;

const AUTH = `
exports.handler = async (event) => {
  const who = event.authorizationToken ?? event.headers["x-who"];
  if (event.methodArn === undefined) return { isAuthorized: who === "who-me", context: { who } };
  return {
    principalId: who,
    policyDocument: { Statement: [{ Action: "execute-api:Invoke", Effect: who === "who-me" ? "Allow" : "Deny", Resource: event.methodArn }] },
  };
};`;

let doors: Doors;
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE, { "code/auth.js": AUTH });
});
afterAll(() => doors.close());

const get = (api: string, path: string, headers = {}): Promise<Answer> => doors.send(api, path, { headers });
const authorizerIn = (answer: Answer): unknown =>
  (eventIn(answer)["requestContext"] as Record<string, unknown>)["authorizer"];

test.each([
  ["AWS::ApiGatewayV2::Authorizer", "Raw", "x-who", { lambda: { who: "who-me" } }],
  ["AWS::ApiGateway::Authorizer", "Old", "x-token", { principalId: "who-me" }],
  ["securityDefinitions of a REST API", "Document", "x-token", { principalId: "who-me" }],
  ["securitySchemes of an HTTP API", "Modern", "x-who", { lambda: { who: "who-me" } }],
])("%s is asked, and decides", async (_, api, header, seen) => {
  expect((await get(api, "/guarded")).status).toBe(401);
  expect((await get(api, "/guarded", { [header]: "who-else" })).status).toBe(403);
  const answer = await get(api, "/guarded", { [header]: "who-me" });
  expect(answer.status).toBe(200);
  expect(authorizerIn(answer)).toMatchObject(seen);
});

test("a document opens single operations, and asks for signatures, keys and tokens", async () => {
  expect((await get("Document", "/open")).status).toBe(200);
  expect((await get("Document", "/guarded", { "x-token": "other" })).status).toBe(401);
  expect(await get("Document", "/signed")).toMatchObject({
    status: 403,
    text: '{"message":"Missing Authentication Token"}',
  });
  expect(await get("Document", "/keyed")).toMatchObject({ status: 403, text: '{"message":"Forbidden"}' });
  expect(await get("Modern", "/jwt")).toMatchObject({ status: 401, text: '{"message":"Unauthorized"}' });
  expect((await get("Modern", "/open")).status).toBe(200);
  expect((await get("Raw", "/open")).status).toBe(200);
});
