/** Streams of Kinesis on another server. */
import { DescribeStreamSummaryCommand, KinesisClient } from "@aws-sdk/client-kinesis";
import { createStack } from "../../../src/index.js";
import { ProjectFolder } from "../../cli/cli.js";
import { startForeignServer } from "./foreign-server.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Look:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: look, Runtime: nodejs22.x, Handler: index.handler, CodeUri: code/ }
`;
const LOOK = `export const handler = async () => process.env.AWS_ENDPOINT_URL_KINESIS;`;

test("functions are told where the streams are; that none is made there is said at the start", async () => {
  const project = new ProjectFolder({ "template.yaml": TEMPLATE, "code/index.mjs": LOOK });
  const server = await startForeignServer();
  const notices: string[] = [];
  const config = { backends: { kinesis: server.backend } };
  const stack = await createStack({ folder: project.folder, config, onNotice: (text) => notices.push(text) });
  expect(notices).toContainEqual(
    expect.stringMatching(
      /^streams are at http:\S+: lambda-run makes none there, and mappings, pipes, rules .* do not/,
    ),
  );
  expect((await stack.invoke("look")).payload).toBe(server.gateway.endpoint);
  const client = new KinesisClient(server.client());
  await expect(client.send(new DescribeStreamSummaryCommand({ StreamName: "clicks" }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
  client.destroy();
  await stack.close();
  await server.close();
  project.remove();
});
