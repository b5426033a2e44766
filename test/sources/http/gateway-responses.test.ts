/** Error answers of REST APIs, dressed as SAM, raw resources and documents say. */
import { Doors, HEAD, type Answer } from "./fixture.js";

const uri = '!Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Echo.Arn}/invocations"';

const TEMPLATE = `${HEAD}
Resources:
  Sam:
    Type: AWS::Serverless::Api
    Properties:
      StageName: Prod
      Variables: { color: blue }
      Auth: { DefaultAuthorizer: Asked, Authorizers: { Asked: { FunctionArn: !GetAtt Asked.Arn } } }
      GatewayResponses:
        DEFAULT_4XX: { ResponseParameters: { Headers: { Access-Control-Allow-Origin: "'*'", X-Origin: method.request.header.Origin, X-Color: stageVariables.color, X-None: method.request.header.Nothing } } }
        DEFAULT_5XX: { ResponseParameters: { Headers: { Access-Control-Allow-Origin: "'*'" } } }
        ACCESS_DENIED: { StatusCode: 404, ResponseTemplates: { application/json: '{"error":$context.error.messageString,"type":"$context.error.responseType","who":"$context.authorizer.principalId"}' } }
        UNAUTHORIZED: { StatusCode: 418, ResponseParameters: { Headers: { Content-Type: "'text/plain'" } }, ResponseTemplates: { application/json: "#set($a = '$stageVariables.color') $input.body $stageVariables.none" } }
  Asked: { Type: AWS::Serverless::Function, Properties: { Handler: auth.handler } }
  Echo:
    Type: AWS::Serverless::Function
    Properties: { Handler: echo.handler, Events: { A: { Type: Api, Properties: { RestApiId: !Ref Sam, Path: /a, Method: GET } } } }
  Raw: { Type: AWS::ApiGateway::RestApi, Properties: { Name: raw } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Raw, StageName: v1 } }
  Root: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Raw, ResourceId: !GetAtt Raw.RootResourceId, HttpMethod: GET, AuthorizationType: NONE, Integration: { Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: ${uri} } } }
  Missing:
    Type: AWS::ApiGateway::GatewayResponse
    Properties:
      RestApiId: !Ref Raw
      ResponseType: MISSING_AUTHENTICATION_TOKEN
      StatusCode: "404"
      ResponseParameters: { gatewayresponse.header.X-Api: context.apiId }
      ResponseTemplates: { application/json: '{"message":"not here"}' }
  Document:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody:
        openapi: "3.0.1"
        x-amazon-apigateway-gateway-responses: { DEFAULT_4XX: { statusCode: 410, responseParameters: { gatewayresponse.header.X-A: "'1'" } } }
        paths: { /a: { get: { x-amazon-apigateway-integration: { type: aws_proxy, httpMethod: POST, uri: ${uri} } } } }
`;
const AUTH = `exports.handler = async (event) => ({ principalId: "ann", policyDocument: { Statement: [{ Action: "execute-api:Invoke", Effect: event.authorizationToken === "yes" ? "Allow" : "Deny", Resource: "*" }] } });`;

let doors: Doors;
const notices: string[] = [];
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE, { "code/auth.js": AUTH }, { onNotice: (text) => notices.push(text) });
});
afterAll(() => doors.close());

const sam = (headers: Record<string, string>): Promise<Answer> =>
  doors.send("Sam", "/a", { headers: { origin: "http://localhost:5173", ...headers } });

test("DEFAULT_4XX dresses what has no response of its own, with texts and parts of the request", async () => {
  const answer = await doors.send("Sam", "/nowhere", { headers: { origin: "http://localhost:5173" } });
  expect(answer).toMatchObject({
    status: 403,
    text: '{"message":"Missing Authentication Token"}',
    headers: { "access-control-allow-origin": "*", "x-origin": "http://localhost:5173", "x-color": "blue" },
  });
  expect(answer.headers).not.toHaveProperty("x-none");
});

test("a type of its own has its status and its template", async () => {
  expect(await sam({ authorization: "no" })).toMatchObject({
    status: 404,
    text: '{"error":"User is not authorized to access this resource with an explicit deny in an identity-based policy","type":"ACCESS_DENIED","who":"null"}',
  });
  expect(await sam({})).toMatchObject({
    status: 418,
    text: "#set($a = 'blue') $input.body null",
    headers: { "content-type": "text/plain" },
  });
});

test("DEFAULT_5XX dresses a function that failed, and nothing dresses what a function answers", async () => {
  expect(await sam({ authorization: "yes", "x-throw": "no" })).toMatchObject({
    status: 502,
    text: '{"message":"Internal server error"}',
    headers: { "access-control-allow-origin": "*" },
  });
  const own = await sam({ authorization: "yes", "x-result": '{"statusCode":404,"body":"gone"}' });
  expect([own.status, own.text, own.headers["access-control-allow-origin"]]).toEqual([404, "gone", undefined]);
});

test("raw resources and documents dress theirs", async () => {
  expect(await doors.send("Raw", "/nowhere")).toMatchObject({ status: 404, text: '{"message":"not here"}' });
  expect((await doors.send("Raw", "/nowhere")).headers["x-api"]).toMatch(/^[a-z0-9]{10}$/);
  expect(await doors.send("Document", "/nowhere")).toMatchObject({ status: 410, headers: { "x-a": "1" } });
  expect(notices.filter((text) => text.includes("GatewayResponse"))).toEqual([]);
});
