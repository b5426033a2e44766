/** What templates say of APIs: every property that AWS has is known, and what cannot run is said by name. */
import { read, withFunction } from "../support.js";

const invocations = '!Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations"';
const OTHERS =
  "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:other/invocations";
const queue = "arn:aws:apigateway:us-east-1:sqs:path/000000000000/jobs";

const noticesOf = (resources: string): readonly string[] => read(withFunction("FunctionName: fn", resources)).notices;

test("nothing is said of what real templates hold", () => {
  const resources = `
Sam:
  Type: AWS::Serverless::Api
  Properties:
    StageName: dev
    Description: d
    TracingEnabled: true
    OpenApiVersion: "3.0.1"
    EndpointConfiguration: { Type: REGIONAL }
    MethodSettings: [{ ResourcePath: "/*", HttpMethod: "*", ThrottlingRateLimit: 1 }]
    AccessLogSetting: { DestinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:x", Format: "$context.status" }
    GatewayResponses: { DEFAULT_4XX: { ResponseParameters: { Headers: { X-A: "'1'" } } } }
    Models: { User: { type: object } }
    Tags: { a: b }
    AlwaysDeploy: true
    MergeDefinitions: true
    FailOnWarnings: true
    PropagateTags: true
    DisableExecuteApiEndpoint: false
Http:
  Type: AWS::Serverless::HttpApi
  Properties:
    AccessLogSettings: { DestinationArn: "arn:aws:logs:us-east-1:000000000000:log-group:x", Format: "$context.status" }
    DefaultRouteSettings: { ThrottlingBurstLimit: 1 }
    RouteSettings: {}
    FailOnWarnings: true
    Tags: { a: b }
Rest: { Type: AWS::ApiGateway::RestApi, Properties: { Name: r, Description: d, EndpointConfiguration: { Types: [REGIONAL] }, ApiKeySourceType: HEADER, Policy: {}, Tags: [], Mode: overwrite } }
Res: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Rest, ParentId: !GetAtt Rest.RootResourceId, PathPart: x } }
Val: { Type: AWS::ApiGateway::RequestValidator, Properties: { RestApiId: !Ref Rest, ValidateRequestBody: true } }
Mod: { Type: AWS::ApiGateway::Model, Properties: { RestApiId: !Ref Rest, ContentType: application/json, Schema: {} } }
Bad: { Type: AWS::ApiGateway::GatewayResponse, Properties: { RestApiId: !Ref Rest, ResponseType: DEFAULT_4XX } }
Get: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Rest, ResourceId: !Ref Res, HttpMethod: GET, OperationName: get, AuthorizationType: NONE, RequestValidatorId: !Ref Val, RequestModels: { application/json: !Ref Mod }, RequestParameters: {}, MethodResponses: [{ StatusCode: 200 }], Integration: { Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: ${invocations} } } }
Dep: { Type: AWS::ApiGateway::Deployment, DependsOn: Get, Properties: { RestApiId: !Ref Rest, Description: d } }
Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Rest, DeploymentId: !Ref Dep, StageName: live, TracingEnabled: true, MethodSettings: [], Description: d } }
V2: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: v2, ProtocolType: HTTP, DisableExecuteApiEndpoint: false } }
Int: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref V2, IntegrationType: AWS_PROXY, IntegrationMethod: POST, IntegrationUri: !GetAtt Fn.Arn, PayloadFormatVersion: "2.0" } }
Route: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref V2, RouteKey: GET /x, OperationName: x, Target: !Sub "integrations/\${Int}" } }
V2Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref V2, StageName: $default, AutoDeploy: true, StageVariables: { color: red } } }
`;
  const { apis, notices } = read(withFunction("FunctionName: fn", resources));
  expect(notices).toEqual([]);
  expect(apis.find(({ logicalId }) => logicalId === "V2")).toMatchObject({ stageVariables: { color: "red" } });
});

const integration = (properties: string): string => `
Rest: { Type: AWS::ApiGateway::RestApi, Properties: { Name: r } }
Get: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Rest, ResourceId: !GetAtt Rest.RootResourceId, HttpMethod: GET, AuthorizationType: NONE, Integration: { IntegrationHttpMethod: POST, ${properties} } } }
`;
const route = (properties: string): string => `
V2: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: v2, ProtocolType: HTTP } }
Int: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref V2, ${properties} } }
Route: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref V2, RouteKey: $default, Target: !Sub "integrations/\${Int}" } }
`;
const operation = (properties: string): string => `
Doc: { Type: AWS::Serverless::Api, Properties: { StageName: v1, DefinitionBody: { paths: { /x: { get: { x-amazon-apigateway-integration: { ${properties} } } } } } } }
`;

test.each([
  [
    "a type that there is not",
    integration("Type: OTHER, Uri: 'https://example.com'"),
    "Rest: GET / is an integration of type OTHER",
  ],
  [
    "a VPC link",
    integration("Type: HTTP_PROXY, Uri: 'https://example.com', ConnectionType: VPC_LINK"),
    "Rest: GET / goes through a VPC link",
  ],
  [
    "a service that is not emulated",
    integration("Type: AWS, Uri: 'arn:aws:apigateway:us-east-1:firehose:action/PutRecord'"),
    "Rest: GET / is an integration with a service (firehose)",
  ],
  [
    "an action of a service that has paths",
    integration("Type: AWS, Uri: 'arn:aws:apigateway:us-east-1:s3:action/GetObject'"),
    "Rest: GET / names the action GetObject of s3",
  ],
  ["what is no service", integration("Type: AWS, Uri: 'https://example.com'"), "which names no service"],
  [
    "another account's function by mapping templates",
    integration(`Type: AWS, Uri: "${OTHERS}"`),
    "Rest: GET / names a function that is not in this template",
  ],
  [
    "another account's function",
    integration("Type: AWS_PROXY, Uri: 'arn:aws:lambda:us-east-1:1:function:other'"),
    "Rest: GET / names a function that is not in this template",
  ],
  [
    "a VPC link of an HTTP API",
    route("IntegrationType: HTTP_PROXY, ConnectionType: VPC_LINK, IntegrationUri: 'arn:aws:elasticloadbalancing:x'"),
    "V2: $default goes through a VPC link",
  ],
  [
    "a service that HTTP APIs call on AWS",
    route("IntegrationType: AWS_PROXY, IntegrationSubtype: AppConfig-GetConfiguration"),
    "V2: $default is an integration with a service (AppConfig-GetConfiguration)",
  ],
])("a route to %s is named, and answers 501 by name", (_, resources, said) => {
  const { apis, eventSources, notices } = read(withFunction("FunctionName: fn", resources));
  expect(notices).toEqual([expect.stringMatching(/; it answers 501\.$/)]);
  expect(notices[0]).toContain(said);
  expect(eventSources).toEqual([]);
  const body = expect.stringContaining("not") as string;
  expect(apis[0]).toMatchObject({ integrated: [{ integration: { kind: "fixed", statusCode: 501, body } }] });
});

test.each([
  ["a server", integration("Type: HTTP_PROXY, Uri: 'https://example.com'"), { kind: "mapped", type: "HTTP_PROXY" }],
  ["a service", integration(`Type: AWS, Uri: "${queue}"`), { kind: "mapped", type: "AWS" }],
  [
    "a function by mapping templates",
    integration(`Type: AWS, Uri: ${invocations}, TimeoutInMillis: 900`),
    { kind: "mapped", type: "AWS", function: { functionId: "Fn" }, timeoutMs: 900, passthrough: "WHEN_NO_MATCH" },
  ],
  [
    "a document's function by mapping templates",
    operation(`type: aws, httpMethod: POST, uri: ${invocations}, passthroughBehavior: never`),
    { kind: "mapped", type: "AWS", function: { functionId: "Fn" }, timeoutMs: 29_000, passthrough: "NEVER" },
  ],
  [
    "a server behind an HTTP API",
    route("IntegrationType: HTTP_PROXY, IntegrationUri: 'https://example.com'"),
    { kind: "url", uri: "https://example.com", httpMethod: "ANY", timeoutMs: 30_000 },
  ],
  [
    "a service of an HTTP API",
    route("IntegrationType: AWS_PROXY, IntegrationSubtype: SQS-SendMessage, RequestParameters: { QueueUrl: q }"),
    { kind: "service", subtype: "SQS-SendMessage", parameters: { QueueUrl: "q" } },
  ],
])("a route to %s is read", (_, resources, expected) => {
  const { apis, eventSources, notices } = read(withFunction("FunctionName: fn", resources));
  expect([notices, eventSources]).toEqual([[], []]);
  expect(apis[0]).toMatchObject({ integrated: [{ integration: expected }] });
});

test("what AWS has and lambda-run leaves out is said", () => {
  expect(
    noticesOf(
      "Sam: { Type: AWS::Serverless::Api, Properties: { StageName: v1, Domain: { DomainName: a.example.com } } }",
    ),
  ).toEqual(["Sam: Domain is not a property of AWS::Serverless::Api that lambda-run knows; it is ignored."]);
});

test("a document of an HTTP API keeps integrations among its components, and CORS at its root", () => {
  const { apis, eventSources } = read(
    withFunction(
      "FunctionName: fn",
      `
Doc:
  Type: AWS::Serverless::HttpApi
  Properties:
    DefinitionBody:
      x-amazon-apigateway-cors: { allowOrigins: ["https://a.example.com"], allowCredentials: true, maxAge: 9 }
      components: { x-amazon-apigateway-integrations: { fn: { type: AWS_PROXY, payloadFormatVersion: "2.0", uri: ${invocations} } } }
      paths: { /x: { get: { x-amazon-apigateway-integration: { $ref: "#/components/x-amazon-apigateway-integrations/fn" } } } }
`,
    ),
  );
  expect(eventSources).toMatchObject([{ kind: "httpApi", method: "GET", path: "/x" }]);
  expect(apis).toMatchObject([
    { cors: { allowOrigins: ["https://a.example.com"], allowCredentials: true, maxAgeSeconds: 9 } },
  ]);
});

test("a document of a REST API names binary media types", () => {
  const { apis } = read(
    withFunction(
      "FunctionName: fn",
      'Doc: { Type: AWS::ApiGateway::RestApi, Properties: { BinaryMediaTypes: [image/png], Body: { x-amazon-apigateway-binary-media-types: ["*/*", image/png] } } }',
    ),
  );
  expect(apis).toMatchObject([{ binaryMediaTypes: ["image/png", "*/*"] }]);
});

test("a document's operation stands in place of the event that names it, and an event that it does not know is said to be lost", () => {
  const api = (more: string): string => `
Doc:
  Type: AWS::Serverless::Api
  Properties:
    StageName: v1
    ${more}
    DefinitionBody:
      components: { securitySchemes: { key: { type: apiKey, name: x-api-key, in: header } } }
      paths:
        /x: { get: { security: [{ key: [] }], x-amazon-apigateway-integration: { type: aws_proxy, timeoutInMillis: 900, uri: ${invocations} } } }
        /mock: { get: { x-amazon-apigateway-integration: { type: mock, requestTemplates: { application/json: '{"statusCode": 200}' }, responses: { default: { statusCode: "200" } } } } }
`;
  const event = (path: string): string =>
    `{ Type: Api, Properties: { RestApiId: !Ref Doc, Path: ${path}, Method: get } }`;
  const events = `FunctionName: fn\nEvents: { X: ${event("/x")}, Mock: ${event("/mock")}, Lost: ${event("/lost")} }`;
  const { eventSources, notices } = read(withFunction(events, api("Description: d")));
  expect(eventSources).toMatchObject([
    { path: "/lost", eventId: "Lost" },
    { path: "/x", eventId: "X", timeoutMs: 900, auth: { ApiKeyRequired: true } },
  ]);
  expect(notices).toEqual(["Doc: GET /lost of Fn is not in the API's document: it is a route here, and none on AWS."]);
  expect(read(withFunction(events, api("MergeDefinitions: true"))).notices).toEqual([]);
});

test("variables of the stage name functions in documents", () => {
  const uri = '"arn:aws:lambda:us-east-1:0:function:${stageVariables.name}:live"';
  const { eventSources, notices } = read(
    withFunction(
      "FunctionName: fn",
      `
Doc:
  Type: AWS::Serverless::Api
  Properties:
    StageName: v1
    Variables: { name: fn }
    DefinitionBody: { paths: { /x: { get: { x-amazon-apigateway-integration: { type: aws_proxy, uri: ${uri} } } } } }
`,
    ),
  );
  expect(notices).toEqual([]);
  expect(eventSources).toMatchObject([{ functionId: "Fn", path: "/x" }]);
});
