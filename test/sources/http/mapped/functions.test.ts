/** Functions behind integrations with mappings, MOCK with templates: REST APIs as raw resources and as documents. */
import { Doors, HEAD, type Answer, type Sent } from "../fixture.js";

const lambda = (name: string): string =>
  `!Sub "arn:aws:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${name}.Arn}/invocations"`;

const TEMPLATE = `${HEAD}
Resources:
  Whole: { Type: AWS::Serverless::Function, Properties: { Handler: whole.handler } }
  Raw: { Type: AWS::ApiGateway::RestApi, Properties: { Name: raw } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Raw, StageName: v1, Variables: { color: blue } } }
  Order: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref Raw, ParentId: !GetAtt Raw.RootResourceId, PathPart: "{order}" } }
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Raw
      ResourceId: !Ref Order
      HttpMethod: POST
      AuthorizationType: NONE
      Integration:
        Type: AWS
        IntegrationHttpMethod: POST
        Uri: ${lambda("Whole")}
        PassthroughBehavior: WHEN_NO_TEMPLATES
        RequestTemplates:
          application/json: |
            #set($all = $input.params())
            {
              "order": "$input.params('order')", "color": "$stageVariables.color", "method": "$context.httpMethod",
              "params": {#foreach($type in $all.keySet())#set($params = $all.get($type))"$type": {
                #foreach($name in $params.keySet())"$name": "$util.escapeJavaScript($params.get($name)).replaceAll("\\\\'", "'")"#if($foreach.hasNext),#end#end
              }#if($foreach.hasNext),#end
              #end},
              "body": $input.json('$')
            }
          application/x-www-form-urlencoded: '{"form": "$util.escapeJavaScript($input.body)"}'
        IntegrationResponses:
          - { StatusCode: "200", ResponseTemplates: { application/json: '{"was": $input.json("$.order"), "id": "$context.requestId"}', application/xml: "<order>$input.path('$.order')</order>" }, ResponseParameters: { method.response.header.X-Order: integration.response.body.order, method.response.header.X-Fixed: "'here'" } }
          - { StatusCode: "404", SelectionPattern: ".*not found.*", ResponseTemplates: { application/json: '{"error": "$input.path(''$.errorMessage'')"}' } }
          - { StatusCode: "422", SelectionPattern: "bad: (\\\\n|.)+" }
          - { StatusCode: "409", SelectionPattern: "(?is)conflict.*" }
  Document:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody:
        openapi: "3.0.1"
        paths:
          /plain: { post: { x-amazon-apigateway-integration: { type: aws, httpMethod: POST, uri: ${lambda("Whole")}, responses: { default: { statusCode: "200" } } } }, get: { x-amazon-apigateway-integration: { type: aws, httpMethod: POST, uri: ${lambda("Whole")}, responses: { default: { statusCode: "200" } } } } }
          /never: { post: { x-amazon-apigateway-integration: { type: aws, httpMethod: POST, uri: ${lambda("Whole")}, passthroughBehavior: never, responses: { default: { statusCode: "200" } } } } }
          /nomatch: { post: { x-amazon-apigateway-integration: { type: aws, httpMethod: POST, uri: ${lambda("Whole")}, passthroughBehavior: when_no_match, requestTemplates: { text/plain: '"text"' }, responses: { default: { statusCode: "200" } } } } }
          /nodefault: { post: { x-amazon-apigateway-integration: { type: aws, httpMethod: POST, uri: ${lambda("Whole")}, responses: { ".*found.*": { statusCode: "404" } } } } }
          /event: { post: { x-amazon-apigateway-integration: { type: aws, httpMethod: POST, uri: ${lambda("Whole")}, requestParameters: { integration.request.header.X-Amz-Invocation-Type: "'Event'" }, responses: { ".*later.*": { statusCode: "500" }, default: { statusCode: "202", responseTemplates: { application/json: '{"queued":true}' } } } } } }
          /override: { get: { x-amazon-apigateway-integration: { type: mock, requestTemplates: { application/json: '{"statusCode": #if($input.params("q") == "no")404#{else}200#end}' }, responses: { default: { statusCode: "200", responseTemplates: { application/json: "#set($context.responseOverride.status = 418)#set($context.responseOverride.header.X-Tea = $input.params('q'))teapot" } }, "404": { statusCode: "404", responseTemplates: { application/json: '{"none": "$context.resourcePath"}' } } } } } }
          /broken: { get: { x-amazon-apigateway-integration: { type: mock, requestTemplates: { application/json: '{"statusCode": 200}' }, responses: { default: { statusCode: "200", responseTemplates: { application/json: "#if(" } } } } } }
          /absent: { get: { x-amazon-apigateway-integration: { type: aws, httpMethod: POST, uri: "arn:aws:apigateway:us-east-1:firehose:action/PutRecord", responses: { default: { statusCode: "200" } } } } }
      GatewayResponses: { UNSUPPORTED_MEDIA_TYPE: { ResponseParameters: { Headers: { X-Dressed: "'yes'" } } } }
`;
const WHOLE = `exports.handler = async (event) => {
  console.log("got " + JSON.stringify(event));
  if (event.body?.fail !== undefined) throw new Error(event.body.fail);
  if (event.fail !== undefined) throw new Error(event.fail);
  return event;
};`;

let doors: Doors;
const notices: string[] = [];
const lines: string[] = [];
let onLine: (line: string) => void = () => undefined;
beforeAll(async () => {
  doors = await Doors.open(
    TEMPLATE,
    { "code/whole.js": WHOLE },
    { onNotice: (text) => notices.push(text), onLog: (_, line) => (lines.push(line), onLine(line)) },
  );
});
afterAll(() => doors.close());

const json = { "content-type": "application/json" };
const post = (path: string, body: string, headers: Sent["headers"] = json, api = "Document"): Promise<Answer> =>
  doors.send(api, path, { method: "POST", headers, body });

test("the template makes the event, and the response's template the answer", async () => {
  const answer = await post("/a%20b?q=1&q=it's", '{"x":[1]}', { ...json, "x-own": "me" }, "Raw");
  expect(answer).toMatchObject({
    status: 200,
    headers: { "content-type": "application/json", "x-order": "a b", "x-fixed": "here" },
  });
  expect(JSON.parse(answer.text)).toMatchObject({ was: "a b", id: answer.headers["x-amzn-requestid"] });
  const event = JSON.parse(
    lines.find((line) => line.includes('"order":"a b"'))?.replace(/^.*?got /s, "") ?? "{}",
  ) as Record<string, unknown>;
  expect(event).toMatchObject({
    color: "blue",
    method: "POST",
    body: { x: [1] },
    params: { path: { order: "a b" }, querystring: { q: "it's" }, header: { "x-own": "me" } },
  });
});

test("the client's type chooses among templates, before and after", async () => {
  const answer = await post("/x", '{"x":1}', { ...json, accept: "application/xml" }, "Raw");
  expect(answer).toMatchObject({
    status: 200,
    text: "<order>x</order>",
    headers: { "content-type": "application/xml" },
  });
  await post("/y", "a=1&b=2", { "content-type": "application/x-www-form-urlencoded; charset=utf-8" }, "Raw");
  expect(lines.some((line) => line.includes('{"form":"a=1&b=2"}'))).toBe(true);
});

test("error messages choose the response by their whole text", async () => {
  expect(await post("/x", '{"fail":"order 7 not found here"}', json, "Raw")).toMatchObject({
    status: 404,
    text: '{"error": "order 7 not found here"}',
  });
  const bad = await post("/x", '{"fail":"bad: one\\ntwo"}', json, "Raw");
  expect(bad.status).toBe(422);
  expect(JSON.parse(bad.text)).toMatchObject({ errorMessage: "bad: one\ntwo", errorType: "Error" });
  // Flags at the beginning, as Java has them.
  expect((await post("/x", '{"fail":"Conflict\\nof two"}', json, "Raw")).status).toBe(409);
  // No pattern fits: the default response shows it, with its status.
  expect((await post("/x", '{"fail":"something"}', json, "Raw")).status).toBe(200);
});

test.each([
  ["/plain", '{"a":1}', "application/json", 200, '{"a":1}'],
  ["/plain", '{"a":1}', "text/plain", 200, '{"a":1}'],
  ["/plain", "no json", "application/json", 200, '{"Type":"User","message":"Could not parse request body into json'],
  ["/nomatch", '{"a":1}', "application/json", 200, '{"a":1}'],
  ["/nomatch", "anything", "text/plain", 200, '"text"'],
  ["/never", '{"a":1}', "application/json", 415, '{"message":"Unsupported Media Type"}'],
])("POST %s of %j as %s is %i", async (path, body, type, status, text) => {
  const answer = await post(path, body, { "content-type": type });
  expect([answer.status, answer.text.slice(0, text.length)]).toEqual([status, text]);
});

test("a type without a template is refused where there are others, and gateway responses dress that", async () => {
  expect(await post("/x", "<a/>", { "content-type": "text/xml" }, "Raw")).toMatchObject({ status: 415 });
  expect(await post("/never", "{}")).toMatchObject({ status: 415, headers: { "x-dressed": "yes" } });
});

test("without a body the event is an empty object, and without a response that fits the answer is 500", async () => {
  expect(await doors.send("Document", "/plain")).toMatchObject({ status: 200, text: "{}" });
  expect(await post("/nodefault", '{"fail":"not found"}')).toMatchObject({ status: 404 });
  expect(await post("/nodefault", "{}")).toMatchObject({ status: 500, text: '{"message": "Internal server error"}' });
});

test("an asynchronous call is answered whatever the function makes of it", async () => {
  const came = new Promise<string>((resolve) => {
    onLine = (line) => line.includes("got") && line.includes("later") && resolve(line);
  });
  expect(await post("/event", '{"fail":"later"}')).toMatchObject({ status: 202, text: '{"queued":true}' });
  expect(await came).toContain('{"fail":"later"}');
});

test("MOCK chooses by what its template says, and templates override status and headers", async () => {
  expect(await doors.send("Document", "/override?q=milk")).toMatchObject({
    status: 418,
    text: "teapot",
    headers: { "x-tea": "milk" },
  });
  expect(await doors.send("Document", "/override?q=no")).toMatchObject({ status: 404, text: '{"none": "/override"}' });
});

test("a template that cannot be read is 500, and told; a service that is not there 501, by name", async () => {
  expect(await doors.send("Document", "/broken")).toMatchObject({
    status: 500,
    text: '{"message": "Internal server error"}',
  });
  const fault = "Execution failed due to configuration error: the template cannot be read: ";
  expect(notices.some((text) => text.startsWith(`GET /broken is 500: ${fault}`))).toBe(true);
  const absent = "GET /absent of Document is an integration with a service (firehose), which is not emulated";
  expect(await doors.send("Document", "/absent")).toMatchObject({
    status: 501,
    text: expect.stringContaining(absent) as string,
  });
});

test("routes say what is behind them", () => {
  const routes = doors.stack.stack.doors.flatMap(({ name, routes: all }) => (name === "Raw" ? all : []));
  expect(routes).toEqual([{ method: "POST", path: "/{order}", function: "Whole", integration: "AWS lambda" }]);
});
