/** Routes that a REST API answers by itself, as CDK and documents declare them for preflight; and names that are nobody's. */
import { request as httpRequest } from "node:http";
import { Doors, eventIn, HEAD, type Answer } from "./fixture.js";

const uri = '!Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Echo.Arn}/invocations"';
const PREFLIGHT =
  "{ method.response.header.Access-Control-Allow-Origin: \"'https://app.example.com'\", method.response.header.Access-Control-Allow-Methods: \"'GET,OPTIONS'\", method.response.header.X-Dynamic: integration.response.header.x }";

const STATUS = "{ application/json: '{\"statusCode\": 200}' }";

const TEMPLATE = `${HEAD}
Resources:
  Echo: { Type: AWS::Serverless::Function, Properties: { Handler: echo.handler } }
  Raw: { Type: AWS::ApiGateway::RestApi, Properties: { Name: raw } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Raw, StageName: v1 } }
  Items: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Raw, ParentId: !GetAtt Raw.RootResourceId, PathPart: items } }
  Proxy: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Raw, ParentId: !GetAtt Raw.RootResourceId, PathPart: "{proxy+}" } }
  Get: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Raw, ResourceId: !Ref Items, HttpMethod: GET, AuthorizationType: NONE, Integration: { Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: ${uri} } } }
  Any: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Raw, ResourceId: !Ref Proxy, HttpMethod: ANY, AuthorizationType: NONE, Integration: { Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: ${uri} } } }
  Options:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Raw
      ResourceId: !Ref Items
      HttpMethod: OPTIONS
      AuthorizationType: NONE
      Integration:
        Type: MOCK
        RequestTemplates: { application/json: "{ statusCode: 200 }" }
        IntegrationResponses:
          - { StatusCode: "500", SelectionPattern: "5.." }
          - { StatusCode: "204", ResponseParameters: ${PREFLIGHT} }
  Document:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody:
        openapi: "3.0.1"
        paths:
          /health:
            get: { x-amazon-apigateway-integration: { type: mock, requestTemplates: ${STATUS}, responses: { "4..": { statusCode: "404" }, default: { statusCode: "203", responseParameters: { method.response.header.Content-Type: "'text/plain'" }, responseTemplates: { application/json: fine } } } } }
            post: { x-amazon-apigateway-integration: { type: mock, requestTemplates: ${STATUS}, responses: { default: { statusCode: "200", responseTemplates: { application/json: "$input.body" } } } } }
            options: { x-amazon-apigateway-integration: { type: mock, requestTemplates: ${STATUS}, responses: { default: { statusCode: "200", responseParameters: ${PREFLIGHT}, responseTemplates: { application/json: "#set($a = 1)" } } } } }
            patch: { x-amazon-apigateway-integration: { type: mock, requestTemplates: ${STATUS}, responses: { default: { statusCode: "200" } } } }
          /gone:
            get: { x-amazon-apigateway-integration: { type: mock, requestTemplates: { application/json: '{"statusCode": 410}' }, responses: { '4\\d{2}': { statusCode: "404", responseTemplates: { application/json: "nobody" } }, default: { statusCode: "200" } } } }
            post: { x-amazon-apigateway-integration: { type: mock, responses: { default: { statusCode: "200" } } } }
          /put:
            put: { x-amazon-apigateway-integration: { type: aws_proxy, httpMethod: POST, uri: ${uri} } }
`;

let doors: Doors;
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE);
});
afterAll(() => doors.close());

const preflight = {
  method: "OPTIONS",
  headers: { origin: "https://app.example.com", "access-control-request-method": "GET" },
};

test("a preflight request of a page is answered with the fixed headers, and the request itself reaches the function", async () => {
  const answer = await doors.send("Raw", "/items", preflight);
  expect(answer).toMatchObject({
    status: 204,
    text: "",
    headers: {
      "access-control-allow-origin": "https://app.example.com",
      "access-control-allow-methods": "GET,OPTIONS",
    },
  });
  expect(answer.headers).not.toHaveProperty("x-dynamic");
  expect(answer.headers["x-amzn-requestid"]).toMatch(/^[0-9a-f-]{36}$/);
  const asked = await doors.send("Raw", "/items", { headers: { origin: "https://app.example.com" } });
  expect(eventIn(asked)["resource"]).toBe("/items");
  expect(eventIn(await doors.send("Raw", "/other", preflight))["httpMethod"]).toBe("OPTIONS");
});

test("a document's fixed answers are given, and templates evaluated", async () => {
  expect(await doors.send("Document", "/health")).toMatchObject({
    status: 203,
    text: "fine",
    headers: { "content-type": "text/plain" },
  });
  expect(await doors.send("Document", "/health", preflight)).toMatchObject({
    status: 200,
    text: "",
    headers: { "access-control-allow-origin": "https://app.example.com", "content-type": "application/json" },
  });
  // The body of a MOCK integration's answer is empty, whatever the client sent.
  expect(await doors.send("Document", "/health", { method: "POST", body: "{}" })).toMatchObject({
    status: 200,
    text: "",
  });
  expect(eventIn(await doors.send("Document", "/put", { method: "PUT" }))["httpMethod"]).toBe("PUT");
});

test("the status of the request template chooses the answer; without one there is none", async () => {
  expect(await doors.send("Document", "/gone")).toMatchObject({ status: 404, text: "nobody" });
  expect(await doors.send("Document", "/gone", { method: "POST" })).toMatchObject({
    status: 500,
    text: '{"message": "Internal server error"}',
    headers: { "x-amzn-errortype": "InternalServerErrorException" },
  });
});

test("a body of 10 MB is the largest that a gateway takes, whoever answers", async () => {
  const patch = (size: number): Promise<Answer> =>
    doors.send("Document", "/health", { method: "PATCH", body: Buffer.alloc(size, "a") });
  expect(await patch(10 * 1024 * 1024)).toMatchObject({ status: 200 });
  expect(await patch(10 * 1024 * 1024 + 1)).toMatchObject({
    status: 413,
    text: "HTTP content length exceeded 10485760 bytes.",
  });
});

test.each([
  ["lambda-url", 403, '{"Message":null}', "AccessDeniedException"],
  ["execute-api", 403, '{"message":"Forbidden"}', "ForbiddenException"],
])("a name under %s that is nobody's", async (kind, status, text, type) => {
  const { port } = new URL(doors.url("Raw"));
  const answer = await new Promise<Partial<Answer>>((resolve, reject) => {
    const sent = httpRequest(
      { host: "127.0.0.1", port, path: "/", headers: { host: `nobody.${kind}.localhost` } },
      (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk.toString()));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text: body, headers: response.headers }));
      },
    );
    sent.on("error", reject).end();
  });
  expect(answer).toMatchObject({ status, text, headers: { "x-amzn-errortype": type } });
});
