/** Preflight requests and MOCK methods of APIs with authorizers: what stands before them on AWS stands before them here. */
import { Doors, HEAD, type Answer } from "./fixture.js";

const event = (api: string, path: string, more = ""): string =>
  `{ Type: Api, Properties: { RestApiId: !Ref ${api}, Path: ${path}, Method: get${more} } }`;
const authorizers = "Authorizers: { Gate: { FunctionArn: !GetAtt Gate.Arn } }";

const TEMPLATE = `${HEAD}
Resources:
  Closed: { Type: AWS::Serverless::Api, Properties: { StageName: v1, Cors: "'*'", Auth: { DefaultAuthorizer: Gate, ${authorizers} } } }
  Open: { Type: AWS::Serverless::Api, Properties: { StageName: v1, Cors: "'*'", Auth: { DefaultAuthorizer: Gate, AddDefaultAuthorizerToCorsPreflight: false, ${authorizers} } } }
  Keyed: { Type: AWS::Serverless::Api, Properties: { StageName: v1, Cors: "'*'", Auth: { ApiKeyRequired: true } } }
  Unkeyed: { Type: AWS::Serverless::Api, Properties: { StageName: v1, Cors: "'*'", Auth: { ApiKeyRequired: true, AddApiKeyRequiredToCorsPreflight: false } } }
  Raw: { Type: AWS::ApiGateway::RestApi, Properties: { Name: raw } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Raw, StageName: v1 } }
  Signed: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Raw, ResourceId: !GetAtt Raw.RootResourceId, HttpMethod: GET, AuthorizationType: AWS_IAM, Integration: { Type: MOCK, RequestTemplates: { application/json: "{ statusCode: 200 }" }, IntegrationResponses: [{ StatusCode: 200 }] } } }
  KeyedMock: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Raw, ResourceId: !GetAtt Raw.RootResourceId, HttpMethod: POST, ApiKeyRequired: true, Integration: { Type: MOCK, RequestTemplates: { application/json: "{ statusCode: 200 }" }, IntegrationResponses: [{ StatusCode: 200 }] } } }
  Document:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      Auth: { DefaultAuthorizer: Gate, ${authorizers} }
      DefinitionBody:
        openapi: "3.0.1"
        paths: { /x: { get: { x-amazon-apigateway-integration: { type: mock, requestTemplates: { application/json: "{ statusCode: 200 }" }, responses: { default: { statusCode: "200" } } } } } }
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: { AllowOrigins: ["https://app.example.com"], AllowMethods: [GET] }
      Auth: { Authorizers: { Gate: { FunctionArn: !GetAtt Gate.Arn, AuthorizerPayloadFormatVersion: "2.0", EnableSimpleResponses: true, Identity: { Headers: [authorization] } } } }
  Gate: { Type: AWS::Serverless::Function, Properties: { Handler: gate.handler } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      Events:
        A: ${event("Closed", "/x")}
        B: ${event("Open", "/x")}
        C: ${event("Keyed", "/x")}
        D: ${event("Unkeyed", "/x")}
        Any: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /any, Method: ANY, Auth: { Authorizer: Gate } } }
        Get: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /get, Method: GET, Auth: { Authorizer: Gate } } }
`;
const GATE = `exports.handler = async (event) => event.version === "2.0"
  ? { isAuthorized: true }
  : { principalId: "me", policyDocument: { Statement: [{ Action: "execute-api:Invoke", Effect: "Allow", Resource: "*" }] } };`;

let doors: Doors;
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE, { "code/gate.js": GATE });
});
afterAll(() => doors.close());

const preflight = (name: string, path: string, more: Record<string, string> = {}): Promise<Answer> =>
  doors.send(name, path, {
    method: "OPTIONS",
    headers: { origin: "https://app.example.com", "access-control-request-method": "GET", ...more },
  });

test.each([
  ["a default authorizer refuses it", "Closed", {}, 401, '{"message":"Unauthorized"}'],
  ["a default authorizer lets it pass", "Closed", { authorization: "yes" }, 200, "{}\n"],
  ["the default authorizer is not for it", "Open", {}, 200, "{}\n"],
  ["a key is asked for", "Keyed", {}, 403, '{"message":"Forbidden"}'],
  ["no key is asked for", "Unkeyed", {}, 200, "{}\n"],
])("the OPTIONS method that SAM's Cors makes: %s", async (_, name, headers, status, text) => {
  const answer = await preflight(name, "/x", headers);
  expect(answer).toMatchObject({ status, text });
  expect(answer.headers["access-control-allow-origin"]).toBe(status === 200 ? "*" : undefined);
});

test("an HTTP API answers preflight for a guarded GET, and asks the authorizer of a route that takes OPTIONS", async () => {
  expect(await preflight("Http", "/get")).toMatchObject({
    status: 204,
    headers: { "access-control-allow-methods": "GET" },
  });
  expect(await preflight("Http", "/any")).toMatchObject({ status: 401, text: '{"message":"Unauthorized"}' });
  expect(await preflight("Http", "/any", { authorization: "yes" })).toMatchObject({
    status: 204,
    text: "",
    headers: { "access-control-allow-methods": "GET" },
  });
});

test("an OPTIONS request that asks for nothing and that no route takes gets no headers from an HTTP API with CORS", async () => {
  const answer = await doors.send("Http", "/get", { method: "OPTIONS" });
  expect(answer.status).toBe(204);
  expect(answer.headers).not.toHaveProperty("access-control-allow-methods");
});

test("MOCK methods have their signature, key and authorizer asked for", async () => {
  expect(await doors.send("Raw", "/")).toMatchObject({
    status: 403,
    text: '{"message":"Missing Authentication Token"}',
  });
  expect(await doors.send("Raw", "/", { method: "POST" })).toMatchObject({
    status: 403,
    text: '{"message":"Forbidden"}',
  });
  expect(await doors.send("Document", "/x")).toMatchObject({ status: 401 });
  expect(await doors.send("Document", "/x", { headers: { authorization: "yes" } })).toMatchObject({ status: 200 });
});
