/** What is declared and fires nothing is said by name when the stack starts. */
import { createStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
  Clicks: { Type: AWS::Kinesis::Stream, Properties: { Name: clicks, ShardCount: 1 } }
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Landing:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: landing
      NotificationConfiguration:
        TopicConfigurations: [{ Event: "s3:ObjectCreated:*", Topic: !Ref News }]
        EventBridgeConfiguration: { EventBridgeEnabled: true }
  ToQueue: { Type: AWS::Events::Rule, Properties: { ScheduleExpression: rate(1 minute), Targets: [{ Id: a, Arn: !GetAtt Inbox.Arn }] } }
  Slow:
    Type: AWS::CloudWatch::Alarm
    Properties: { Namespace: AWS/ApiGateway, MetricName: Latency, Statistic: Average, Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: GreaterThanThreshold }
  Late:
    Type: AWS::CloudWatch::Alarm
    Properties: { Namespace: AWS/SQS, MetricName: ApproximateAgeOfOldestMessage, Statistic: Maximum, Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: GreaterThanThreshold }
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      CodeUri: .
      Events:
        FromQueue: { Type: SQS, Properties: { Queue: !GetAtt Inbox.Arn } }
        FromTopic: { Type: SNS, Properties: { Topic: !Ref News } }
        FromStream: { Type: Kinesis, Properties: { Stream: "arn:aws:kinesis:us-east-1:000000000000:stream/s", StartingPosition: LATEST } }
        FromOwnStream: { Type: Kinesis, Properties: { Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST } }
        FromRule: { Type: EventBridgeRule, Properties: { Pattern: { source: [aws.s3] } } }
`;

it("names the triggers and alarms that nothing carries, and no others", async () => {
  const project = new ProjectFolder({ "template.yaml": TEMPLATE, "index.js": "exports.handler = async () => 1;" });
  const notices: string[] = [];
  const stack = await createStack({ folder: project.folder, onNotice: (text) => notices.push(text) });
  try {
    await stack.stack.activity.quiet();
    expect(notices.filter((text) => !text.includes("runs on this machine's Node"))).toEqual([
      "Alarm Slow never sees a value: Latency of AWS/ApiGateway is not measured here.",
      "Fn.FromStream: there is no stream arn:aws:kinesis:us-east-1:000000000000:stream/s to read here; the mapping fires nothing",
    ]);
  } finally {
    await stack.close();
    project.remove();
  }
});
