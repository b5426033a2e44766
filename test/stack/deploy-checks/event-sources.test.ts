/** What of rules and streams CloudFormation would refuse. */
import { checkEventSources } from "../../../src/stack/deploy-checks/event-sources.js";
import { read } from "../../config/support.js";

const template = (pattern: string, stream: string): string => `
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: nodejs22.x
      Events:
        Items: { Type: DynamoDB, Properties: { Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST } }
        Put: { Type: EventBridgeRule, Properties: { Pattern: { source: ${pattern} } } }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      BillingMode: PAY_PER_REQUEST
      ${stream}
`;
const findings = (pattern: string, stream: string): unknown[] => checkEventSources(read(template(pattern, stream)));
const STREAM = "StreamSpecification: { StreamViewType: NEW_IMAGE }";

test("nothing is said of a pattern that AWS takes and a table that has its stream", () => {
  expect(findings("[aws.s3]", STREAM)).toEqual([]);
});

test("a pattern that AWS refuses is told of with the reason", () => {
  expect(findings("aws.s3", STREAM)).toEqual([
    {
      logicalId: "FnPut",
      severity: "breaks",
      what: expect.stringMatching(/^its pattern is refused: .*"source" must be an object or an array$/),
      fix: expect.any(String),
    },
  ]);
});

test("a mapping of a table without a stream is told of", () => {
  expect(findings("[aws.s3]", "")).toEqual([
    {
      logicalId: "Fn",
      severity: "breaks",
      what: "Items reads the stream of Table, which has none",
      fix: "Give Table a StreamSpecification with a StreamViewType.",
    },
  ]);
});
