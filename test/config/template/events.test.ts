import type { EventSource } from "../../../src/config/event-source.js";
import { read, withFunction } from "../support.js";

const RESOURCES = `
Docs: { Type: AWS::S3::Bucket, Properties: { BucketName: docs } }
Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
Items:
  Type: AWS::DynamoDB::Table
  Properties:
    TableName: items
    AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
    KeySchema: [{ AttributeName: id, KeyType: HASH }]
    StreamSpecification: { StreamViewType: NEW_IMAGE }
`;
const FN = "arn:aws:lambda:eu-central-1:123456789012:function:fn";
const sourcesOf = (event: string, resources = RESOURCES): readonly EventSource[] =>
  read(withFunction(`FunctionName: fn${event === "" ? "" : `\nEvents: { E: ${event} }`}`, resources)).eventSources;

describe("events of SAM functions", () => {
  test.each<[string, object]>([
    [
      "{ Type: S3, Properties: { Bucket: !Ref Docs, Events: [s3:ObjectCreated:*], Filter: { S3Key: { Rules: [{ Name: prefix, Value: in/ }, { Name: suffix, Value: .pdf }] } } } }",
      { kind: "s3", bucket: "docs", events: ["s3:ObjectCreated:*"], prefix: "in/", suffix: ".pdf" },
    ],
    [
      "{ Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, BatchSize: 100, MaximumBatchingWindowInSeconds: 5, FunctionResponseTypes: [ReportBatchItemFailures], ScalingConfig: { MaximumConcurrency: 2 }, FilterCriteria: { Filters: [{ Pattern: '{\"body\":{}}' }] } } }",
      {
        kind: "sqs",
        queueArn: "arn:aws:sqs:eu-central-1:123456789012:jobs",
        batchSize: 100,
        maximumBatchingWindowSeconds: 5,
        reportBatchItemFailures: true,
        maximumConcurrency: 2,
        filterPatterns: ['{"body":{}}'],
        enabled: true,
      },
    ],
    [
      "{ Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn, Enabled: false } }",
      { kind: "sqs", batchSize: 10, enabled: false, reportBatchItemFailures: false },
    ],
    [
      "{ Type: DynamoDB, Properties: { Stream: !GetAtt Items.StreamArn, StartingPosition: LATEST } }",
      { kind: "dynamodb", batchSize: 100, startingPosition: "LATEST", maximumRetryAttempts: -1 },
    ],
    [
      "{ Type: Schedule, Properties: { Schedule: rate(5 minutes), Input: '{}', Name: tick } }",
      {
        kind: "schedule",
        via: "rule",
        name: "tick",
        expression: "rate(5 minutes)",
        timezone: "UTC",
        target: { id: "FnELambdaTarget", arn: FN, parameters: { Input: "{}" } },
      },
    ],
    [
      "{ Type: ScheduleV2, Properties: { ScheduleExpression: cron(0 9 * * ? *), ScheduleExpressionTimezone: Europe/Berlin, State: DISABLED } }",
      { kind: "schedule", via: "scheduler", timezone: "Europe/Berlin", enabled: false },
    ],
    [
      "{ Type: EventBridgeRule, Properties: { Pattern: { source: [aws.s3] }, EventBusName: 'arn:aws:events:r:1:event-bus/orders' } }",
      { kind: "eventbridge", busName: "orders", pattern: { source: ["aws.s3"] }, enabled: true },
    ],
    [
      "{ Type: SNS, Properties: { Topic: !Ref News, FilterPolicy: { a: [b] } } }",
      { kind: "sns", topicArn: "arn:aws:sns:eu-central-1:123456789012:news", filterPolicy: { a: ["b"] } },
    ],
    [
      "{ Type: Api, Properties: { Path: '/x/{id}', Method: post } }",
      { kind: "restApi", apiId: "ServerlessRestApi", method: "POST", path: "/x/{id}", timeoutMs: 29_000 },
    ],
    [
      "{ Type: HttpApi, Properties: { Path: '/x/{proxy+}', Method: any } }",
      {
        kind: "httpApi",
        apiId: "ServerlessHttpApi",
        method: "ANY",
        path: "/x/{proxy+}",
        payloadFormatVersion: "2.0",
        timeoutMs: 30_000,
      },
    ],
    ["{ Type: HttpApi }", { kind: "httpApi", method: "ANY", path: "$default" }],
    ["{ Type: MSK, Properties: { Topics: [a] } }", { kind: "unsupported", type: "MSK" }],
  ])("%s", (event, expected) => {
    expect(sourcesOf(event)).toEqual([expect.objectContaining({ functionId: "Fn", eventId: "E", ...expected })]);
  });

  test("an S3 event is part of the bucket's notifications", () => {
    const { buckets } = read(
      withFunction(
        "FunctionName: fn\nEvents: { E: { Type: S3, Properties: { Bucket: !Ref Docs, Events: s3:ObjectCreated:* } } }",
        RESOURCES,
      ),
    );
    expect(buckets[0]?.notifications).toEqual([
      { events: ["s3:ObjectCreated:*"], prefix: undefined, suffix: undefined, target: { kind: "function", arn: FN } },
    ]);
  });

  test("AutoPublishAlias makes events, URL and event settings those of the alias", () => {
    const { eventSources, buckets, topics, functions } = read(
      withFunction(
        `FunctionName: fn
AutoPublishAlias: live
FunctionUrlConfig: { AuthType: NONE }
EventInvokeConfig: { MaximumRetryAttempts: 0 }
Events:
  Put: { Type: S3, Properties: { Bucket: !Ref Docs, Events: s3:ObjectCreated:* } }
  Job: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } }
  Said: { Type: SNS, Properties: { Topic: !Ref News } }
  Row: { Type: DynamoDB, Properties: { Stream: !GetAtt Items.StreamArn, StartingPosition: LATEST } }
  Old: { Type: Api, Properties: { Path: /a, Method: get } }
  New: { Type: HttpApi, Properties: { Path: /a, Method: get } }
  Tick: { Type: Schedule, Properties: { Schedule: rate(1 hour) } }
  Later: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 hour) } }
  Told: { Type: EventBridgeRule, Properties: { Pattern: { source: [x] } } }`,
        RESOURCES,
      ),
    );
    expect(eventSources).toHaveLength(10);
    expect(eventSources.filter(({ qualifier }) => qualifier !== "live")).toEqual([]);
    const targets = eventSources.flatMap((source) => ("target" in source ? source.target.arn : []));
    expect(targets).toEqual([`${FN}:live`, `${FN}:live`, `${FN}:live`]);
    expect(buckets[0]?.notifications[0]?.target.arn).toBe(`${FN}:live`);
    expect(topics[0]?.subscriptions[0]?.endpoint).toBe(`${FN}:live`);
    expect(Object.keys(functions[0]?.eventInvoke ?? {})).toEqual(["live"]);
  });

  test("a function URL is an event source and has an address", () => {
    const sources = read(
      withFunction(
        "FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM, Cors: { AllowOrigins: ['*'], MaxAge: 60 } }",
      ),
    ).eventSources;
    expect(sources).toEqual([
      expect.objectContaining({
        kind: "functionUrl",
        functionId: "Fn",
        authType: "NONE",
        invokeMode: "RESPONSE_STREAM",
        cors: expect.objectContaining({ allowOrigins: ["*"], maxAgeSeconds: 60 }),
      }),
    ]);
  });

  test("the schedule of a state machine is a rule, and no event source of a function", () => {
    const machine =
      "Flow: { Type: AWS::Serverless::StateMachine, Properties: { Name: flow, Definition: { StartAt: A }, Events: { Tick: { Type: Schedule, Properties: { Schedule: rate(1 minute) } } } } }";
    const { eventSources, rules } = read(withFunction("", machine));
    expect(eventSources).toEqual([]);
    expect(rules).toEqual([
      expect.objectContaining({
        scheduleExpression: "rate(1 minute)",
        targets: [
          expect.objectContaining({
            arn: "arn:aws:states:eu-central-1:123456789012:stateMachine:flow",
            // EventBridge takes no machine without one; SAM makes it.
            parameters: { RoleArn: "arn:aws:iam::123456789012:role/FlowTickRole" },
          }),
        ],
      }),
    ]);
  });
});

describe("triggers written as raw resources", () => {
  test.each<[string, string, object]>([
    [
      "an event source mapping",
      "M: { Type: AWS::Lambda::EventSourceMapping, Properties: { FunctionName: !GetAtt Fn.Arn, EventSourceArn: !GetAtt Jobs.Arn } }",
      { kind: "sqs", eventId: "M", batchSize: 10 },
    ],
    [
      "a mapping by name and alias",
      "M: { Type: AWS::Lambda::EventSourceMapping, Properties: { FunctionName: 'fn:live', EventSourceArn: !GetAtt Jobs.Arn } }",
      { kind: "sqs", eventId: "M" },
    ],
    [
      "a bucket notification",
      "B: { Type: AWS::S3::Bucket, Properties: { BucketName: raw, NotificationConfiguration: { LambdaConfigurations: [{ Event: 's3:ObjectCreated:Put', Function: !GetAtt Fn.Arn, Filter: { S3Key: { Rules: [{ Name: Suffix, Value: .csv }] } } }] } } }",
      { kind: "s3", eventId: "B", bucket: "raw", suffix: ".csv" },
    ],
    [
      "a rule by pattern",
      "R: { Type: AWS::Events::Rule, Properties: { EventPattern: { source: [x] }, Targets: [{ Id: t, Arn: !GetAtt Fn.Arn, InputPath: $.detail }] } }",
      { kind: "eventbridge", eventId: "R", target: { id: "t", arn: FN, parameters: { InputPath: "$.detail" } } },
    ],
    [
      "a rule by schedule",
      "R: { Type: AWS::Events::Rule, Properties: { ScheduleExpression: rate(1 hour), Targets: [{ Id: t, Arn: !GetAtt Fn.Arn }] } }",
      { kind: "schedule", via: "rule", eventId: "R" },
    ],
    [
      "a schedule",
      "S: { Type: AWS::Scheduler::Schedule, Properties: { ScheduleExpression: rate(1 hour), FlexibleTimeWindow: { Mode: 'OFF' }, Target: { Arn: !GetAtt Fn.Arn, RoleArn: r } } }",
      { kind: "schedule", via: "scheduler", eventId: "S" },
    ],
    [
      "a subscription",
      "S: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref News, Protocol: lambda, Endpoint: !GetAtt Fn.Arn } }",
      { kind: "sns", eventId: "S" },
    ],
    [
      "a URL",
      "U: { Type: AWS::Lambda::Url, Properties: { TargetFunctionArn: !Ref Fn, AuthType: AWS_IAM } }",
      { kind: "functionUrl", eventId: "U", authType: "AWS_IAM" },
    ],
    [
      "an HTTP API with a route and an integration",
      "A: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: a, ProtocolType: HTTP } }\nI: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref A, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Fn.Arn, PayloadFormatVersion: '2.0' } }\nR: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref A, RouteKey: 'GET /items/{id}', Target: !Sub 'integrations/${I}' } }",
      { kind: "httpApi", apiId: "A", eventId: "R", method: "GET", path: "/items/{id}", payloadFormatVersion: "2.0" },
    ],
    [
      "a REST API with nested resources",
      "A: { Type: AWS::ApiGateway::RestApi, Properties: { Name: a } }\nX: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref A, ParentId: !GetAtt A.RootResourceId, PathPart: items } }\nY: { Type: AWS::ApiGateway::Resource, Properties: { RestApiId: !Ref A, ParentId: !Ref X, PathPart: '{id}' } }\nM: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref A, ResourceId: !Ref Y, HttpMethod: GET, AuthorizationType: NONE, Integration: { Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations' } } }",
      { kind: "restApi", apiId: "A", eventId: "M", method: "GET", path: "/items/{id}" },
    ],
    [
      "an OpenAPI document",
      "A: { Type: AWS::Serverless::HttpApi, Properties: { DefinitionBody: { openapi: 3.0.1, paths: { /hello: { post: { x-amazon-apigateway-integration: { type: aws_proxy, payloadFormatVersion: '1.0', uri: !Sub 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations' } } } } } } }",
      { kind: "httpApi", apiId: "A", method: "POST", path: "/hello", payloadFormatVersion: "1.0" },
    ],
    [
      "a WebSocket route",
      "A: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: a, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.action } }\nI: { Type: AWS::ApiGatewayV2::Integration, Properties: { ApiId: !Ref A, IntegrationUri: !Sub 'arn:aws:apigateway:r:lambda:path/2015-03-31/functions/${Fn.Arn}/invocations' } }\nR: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref A, RouteKey: $connect, Target: !Join ['/', [integrations, !Ref I]] } }",
      { kind: "webSocket", apiId: "A", routeKey: "$connect" },
    ],
  ])("%s fires its function", (_what, resources, expected) => {
    expect(sourcesOf("", `${RESOURCES}\n${resources}`)).toEqual([
      expect.objectContaining({ functionId: "Fn", ...expected }),
    ]);
  });
});
