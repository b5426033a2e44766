/** What REST APIs refuse before the function is asked, declared by SAM, by raw resources and by a document. */
import { bodyModel } from "../../../src/sources/http/body-model.js";
import { Doors, HEAD, type Answer, type Sent } from "./fixture.js";

const uri = '!Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Echo.Arn}/invocations"';
const proxy = `{ Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: ${uri} }`;
const documentProxy = `{ type: aws_proxy, httpMethod: POST, uri: ${uri} }`;

const TEMPLATE = `${HEAD}
Resources:
  Sam:
    Type: AWS::Serverless::Api
    Properties:
      StageName: dev
      Models: { User: { type: object, required: [name, age], properties: { name: { type: string, minLength: 1 }, age: { type: integer, minimum: 0, exclusiveMinimum: true }, mail: { type: string, format: email } } } }
      GatewayResponses: { BAD_REQUEST_BODY: { ResponseTemplates: { application/json: '{"message":$context.error.messageString,"why":"$context.error.validationErrorString"}' } } }
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      Handler: echo.handler
      Events:
        Both: { Type: Api, Properties: { RestApiId: !Ref Sam, Path: /both, Method: post, RequestModel: { Model: User, Required: true, ValidateBody: true, ValidateParameters: true }, RequestParameters: [method.request.header.X-Loose, { method.request.header.X-Who: { Required: true } }, { method.request.querystring.q: { Required: true, Caching: true } }] } }
        Neither: { Type: Api, Properties: { RestApiId: !Ref Sam, Path: /neither, Method: post, RequestModel: { Model: User }, RequestParameters: [{ method.request.querystring.q: { Required: true } }] } }
  Raw: { Type: AWS::ApiGateway::RestApi, Properties: { Name: raw } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Raw, StageName: v1 } }
  Item: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Raw, ParentId: !GetAtt Raw.RootResourceId, PathPart: "{id}" } }
  All: { Type: AWS::ApiGateway::RequestValidator, Properties: { RestApiId: !Ref Raw, ValidateRequestBody: true, ValidateRequestParameters: true } }
  Thing: { Type: AWS::ApiGateway::Model, Properties: { RestApiId: !Ref Raw, ContentType: application/json, Name: Thing, Schema: { type: array, items: { enum: [a, b] } } } }
  Boxed: { Type: AWS::ApiGateway::Model, Properties: { RestApiId: !Ref Raw, ContentType: application/json, Name: Boxed, Schema: { type: object, properties: { things: { $ref: !Sub "https://apigateway.amazonaws.com/restapis/\${Raw}/models/\${Thing}" } } } } }
  Patch: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Raw, ResourceId: !Ref Item, HttpMethod: PATCH, AuthorizationType: NONE, RequestValidatorId: !Ref All, RequestModels: { application/json: !Ref Boxed }, Integration: ${proxy} } }
  Post: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Raw, ResourceId: !Ref Item, HttpMethod: POST, AuthorizationType: NONE, RequestValidatorId: !Ref All, RequestParameters: { method.request.path.id: true, method.request.path.other: true, method.request.querystring.b: true, method.request.querystring.a: false }, RequestModels: { application/json: !Ref Thing }, Integration: ${proxy} } }
  Put: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Raw, ResourceId: !Ref Item, HttpMethod: PUT, AuthorizationType: NONE, RequestValidatorId: !Ref All, RequestModels: { $default: Thing }, Integration: ${proxy} } }
  Delete: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Raw, ResourceId: !Ref Item, HttpMethod: DELETE, AuthorizationType: NONE, RequestValidatorId: !Ref All, RequestModels: { application/json: Empty }, Integration: ${proxy} } }
  Document:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody:
        openapi: "3.0.1"
        x-amazon-apigateway-request-validators: { all: { validateRequestBody: true, validateRequestParameters: true }, none: {} }
        x-amazon-apigateway-request-validator: all
        components:
          schemas:
            Pet: { type: object, required: [kind], properties: { kind: { $ref: "#/components/schemas/Kind" } } }
            Kind: { type: string, enum: [cat, dog] }
            Id: { type: string, example: { id: "1" } }
            Order: { type: object, required: [id, of], properties: { id: { $ref: "#/components/schemas/Id", nullable: true }, of: { type: string, nullable: true }, phone: { type: string, pattern: '^\\d+\\-\\d+$' } }, example: { id: "1" } }
          parameters: { Loud: { name: loud, in: query, required: true } }
        paths:
          /pets:
            parameters: [{ $ref: "#/components/parameters/Loud" }]
            post: { requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } }, x-amazon-apigateway-integration: ${documentProxy} }
            put: { x-amazon-apigateway-request-validator: none, x-amazon-apigateway-integration: ${documentProxy} }
          /orders:
            post: { x-amazon-apigateway-request-validator: all, requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } }, x-amazon-apigateway-integration: ${documentProxy} }
          /lost:
            post: { x-amazon-apigateway-request-validator: all, requestBody: { content: { application/json: { schema: { $ref: "#/components/schemas/Gone" } } } }, x-amazon-apigateway-integration: ${documentProxy} }
`;

let doors: Doors;
const notices: string[] = [];
beforeAll(async () => {
  doors = await Doors.open(TEMPLATE, {}, { onNotice: (text) => notices.push(text) });
});
afterAll(() => doors.close());

const json = (body: unknown, headers: Record<string, string> = {}, method = "POST"): Sent => ({
  method,
  headers: { "content-type": "application/json; charset=utf-8", ...headers },
  body: JSON.stringify(body),
});
const BAD_BODY = { status: 400, text: '{"message":"Invalid request body"}' };
const ann = { name: "Ann", age: 7, mail: "nonsense" };

test.each<[name: string, path: string, sent: Sent, expected: Partial<Answer>]>([
  ["all that is asked for", "/both?q=1", json(ann, { "x-who": "me" }), { status: 200 }],
  [
    "nothing that is asked for",
    "/both",
    json({}),
    { status: 400, text: '{"message":"Missing required request parameters: [X-Who, q]"}' },
  ],
  [
    "a parameter that is blank",
    "/both?q=%20",
    json(ann, { "x-who": "me" }),
    { status: 400, text: '{"message":"Missing required request parameters: [q]"}' },
  ],
  [
    "another type, for which there is no model",
    "/both?q=1",
    { method: "POST", headers: { "content-type": "text/plain", "x-who": "me" }, body: "x" },
    { status: 200 },
  ],
  [
    "a body without two members",
    "/both?q=1",
    json({}, { "x-who": "me" }),
    {
      status: 400,
      text: '{"message":"Invalid request body","why":"[object has missing required properties (["age","name"])]"}',
    },
  ],
  ["no body", "/both?q=1", { method: "POST", headers: { "x-who": "me" } }, { status: 400 }],
  [
    "a number at an exclusive bound of draft 4",
    "/both?q=1",
    json({ ...ann, age: 0 }, { "x-who": "me" }),
    { status: 400 },
  ],
  ["anything, where the event asks for no checks", "/neither", json([]), { status: 200 }],
])("SAM's event is sent %s", async (_, path, sent, expected) => {
  expect(await doors.send("Sam", path, sent)).toMatchObject(expected);
});

test("a refusal has the type that AWS gives it", async () => {
  const { headers } = await doors.send("Sam", "/both", json({}));
  expect(headers["x-amzn-errortype"]).toBe("BadRequestException");
});

test.each<[name: string, path: string, sent: Sent, expected: Partial<Answer>]>([
  [
    "parameters of the path that it has not, and of the query",
    "/1",
    json(["a"]),
    { status: 400, text: '{"message":"Missing required request parameters: [other, b]"}' },
  ],
  [
    "a body of any type, by the model for all",
    "/1",
    { method: "PUT", headers: { "content-type": "text/csv" }, body: '["c"]' },
    BAD_BODY,
  ],
  ["what is no JSON", "/1", { method: "PUT", body: "{" }, BAD_BODY],
  ["models that point at others", "/1", json({ things: ["c"] }, {}, "PATCH"), BAD_BODY],
  ["the model Empty, which every API has: an object", "/1", json([], { "content-length": "2" }, "DELETE"), BAD_BODY],
  ["what the model takes", "/1", json(["a", "b"], {}, "PUT"), { status: 200 }],
])("a raw method checks %s", async (_, path, sent, expected) => {
  expect(await doors.send("Raw", path, sent)).toMatchObject(expected);
});

test.each<[name: string, path: string, sent: Sent, expected: Partial<Answer>]>([
  [
    "what all operations of a path share",
    "/pets",
    json({ kind: "cat" }),
    { status: 400, text: '{"message":"Missing required request parameters: [loud]"}' },
  ],
  ["schemas that point at others", "/pets?loud=1", json({ kind: "cow" }), BAD_BODY],
  ["nothing against a good request", "/pets?loud=1", json({ kind: "dog" }), { status: 200 }],
  ["nothing against examples that share an id", "/orders", json({ id: "1", of: "x", phone: "1-2" }), { status: 200 }],
  ["no null by nullable, which is not of draft 4", "/orders", json({ id: "1", of: null }), BAD_BODY],
  ["the pattern that is written, escapes and all", "/orders", json({ id: "1", of: "x", phone: "12" }), BAD_BODY],
  ["nothing where the operation names a validator without checks", "/pets", json(1, {}, "PUT"), { status: 200 }],
])("a document's validator has %s", async (_, path, sent, expected) => {
  expect(await doors.send("Document", path, sent)).toMatchObject(expected);
});

test("nobody is told that models and validators are not known", () => {
  expect(notices).toEqual([]);
});

test("a model that is no schema is told of once, and checks nothing", async () => {
  expect((await doors.send("Document", "/lost", json(1))).status).toBe(200);
  expect((await doors.send("Document", "/lost", json(2))).status).toBe(200);
  expect(notices).toEqual([
    expect.stringMatching(
      /^Document: the model of POST \/lost for application\/json cannot be used .*Gone.*: no body is held against it$/,
    ),
  ]);
});

test.each([
  [
    "type",
    { type: "number" },
    "x",
    'instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])',
  ],
  [
    "types",
    { type: ["string", "null"] },
    1,
    'instance type (integer) does not match any allowed primitive type (allowed: ["null","string"])',
  ],
  ["enum", { enum: ["a", "b"] }, "c", 'instance value ("c") not found in enum (possible values: ["a","b"])'],
  ["pattern", { pattern: "^a" }, "b", 'ECMA 262 regex "^a" does not match input string "b"'],
  ["minLength", { minLength: 2 }, "b", 'string "b" is too short (length: 1, required minimum: 2)'],
  ["maxLength", { maxLength: 1 }, "bcd", 'string "bcd" is too long (length: 3, maximum allowed: 1)'],
  ["minItems", { minItems: 1 }, [], "array is too short: must have at least 1 elements but instance has 0 elements"],
  ["maxItems", { maxItems: 1 }, [1, 2], "array is too long: must have at most 1 elements but instance has 2 elements"],
  ["uniqueItems", { uniqueItems: true }, [1, 1], "array must not contain duplicate elements"],
  ["minimum", { minimum: 1 }, 0, "numeric instance is lower than the required minimum (minimum: 1, found: 0)"],
  [
    "exclusiveMinimum",
    { minimum: 1, exclusiveMinimum: true },
    1,
    "numeric instance is not strictly greater than the required minimum 1",
  ],
  ["maximum", { maximum: 1 }, 2, "numeric instance is greater than the required maximum (maximum: 1, found: 2)"],
  [
    "exclusiveMaximum",
    { maximum: 1, exclusiveMaximum: true },
    1,
    "numeric instance is not strictly lower than the required maximum 1",
  ],
  [
    "additionalProperties",
    { additionalProperties: false },
    { b: 1, a: 1 },
    'object instance has properties which are not allowed by the schema: ["a","b"]',
  ],
  [
    "required of two objects",
    { required: ["a"], properties: { o: { required: ["c", "b"] } } },
    { o: {} },
    'object has missing required properties (["a"]), object has missing required properties (["b","c"])',
  ],
])("a fault of %s is told in the words of AWS", async (_, schema, value, words) => {
  const model = await bodyModel(schema);
  expect([...model(value)].sort().join(", ")).toBe(words);
});
