/** Integrations with a service go where the stack has it: here queues are on another server. */
import { createStack, type TestStack } from "../../../../src/index.js";
import { ProjectFolder } from "../../../cli/cli.js";

const QUEUE = "Work: { Type: AWS::SQS::Queue, Properties: { QueueName: work } }";
const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  ${QUEUE}
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      DefinitionBody:
        openapi: "3.0.1"
        paths:
          /work: { post: { x-amazon-apigateway-integration: { type: aws, httpMethod: POST, uri: "arn:aws:apigateway:us-east-1:sqs:path/000000000000/work", requestParameters: { integration.request.header.Content-Type: "'application/x-www-form-urlencoded'" }, requestTemplates: { application/json: "Action=SendMessage&MessageBody=$util.urlEncode($input.body)" }, responses: { default: { statusCode: "200" } } } } }
`;

let server: TestStack;
let stack: TestStack;
const folders = [`Resources: { ${QUEUE} }`, TEMPLATE].map(
  (template) => new ProjectFolder({ "template.yaml": template }),
);
beforeAll(async () => {
  const [there, here] = folders;
  server = await createStack({ folder: there?.folder ?? "" });
  stack = await createStack({ folder: here?.folder ?? "", config: { backends: { sqs: server.endpoint } } });
});
afterAll(async () => {
  await stack.close();
  await server.close();
  for (const folder of folders) folder.remove();
});

test("a queue of another server gets the message", async () => {
  const url = stack.stack.doors.find(({ name }) => name === "Api")?.url ?? "";
  const headers = { "content-type": "application/json" };
  expect((await fetch(`${url}/work`, { method: "POST", headers, body: '{"a":1}' })).status).toBe(200);
  expect((await server.sqs.receive("work")).map(({ body }) => body)).toEqual(['{"a":1}']);
});
