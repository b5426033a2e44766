/** A record of an asynchronous invocation that is larger than its destination takes. */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { PATIENT } from "../../until.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Told: { Type: AWS::SQS::Queue, Properties: { QueueName: told } }
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news, Subscription: [{ Protocol: sqs, Endpoint: !GetAtt Told.Arn }] } }
  Fails:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: fails
      Runtime: nodejs20.x
      CodeUri: code/
      Handler: index.handler
      EventInvokeConfig: { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Type: SNS, Destination: !Ref News } } }
`;

test("a topic gets the record of a large event without the event and the answer", async () => {
  const code = "exports.handler = async () => { throw new Error('no luck'); };";
  const project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.js": code });
  const stack = await createStack({ folder: project.folder });
  const lambda = new LambdaClient(stack.clientConfig);
  const sqs = new SQSClient(stack.clientConfig);
  try {
    const Payload = JSON.stringify({ text: "x".repeat(262_144) });
    await lambda.send(new InvokeCommand({ FunctionName: "fails", InvocationType: "Event", Payload }));
    const QueueUrl = `${stack.endpoint}/000000000000/told`;
    const body = await stack.waitFor(async () => {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
      return Messages?.[0]?.Body;
    }, PATIENT);
    const record = JSON.parse((JSON.parse(body) as { Message: string }).Message) as Record<string, unknown>;
    expect(record).toMatchObject({
      requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 1 },
      responseContext: { statusCode: 200, functionError: "Unhandled" },
    });
    expect(record).not.toHaveProperty("requestPayload");
    expect(record).not.toHaveProperty("responsePayload");
  } finally {
    lambda.destroy();
    sqs.destroy();
    await stack.close();
    project.remove();
  }
});
