import { read, withFunction } from "../support.js";

const only = (resources: string) => read(withFunction("", resources));

test("a queue has SQS's defaults", () => {
  expect(only("Q: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }").queues).toEqual([
    {
      logicalId: "Q",
      name: "jobs",
      arn: "arn:aws:sqs:eu-central-1:123456789012:jobs",
      url: "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs",
      fifo: false,
      visibilityTimeoutSeconds: 30,
      delaySeconds: 0,
      messageRetentionSeconds: 345_600,
      maximumMessageSizeBytes: 1_048_576,
      receiveWaitSeconds: 0,
      contentBasedDeduplication: false,
      deduplicationScope: "queue",
      fifoThroughputLimit: "perQueue",
      redrive: undefined,
      redriveAllow: undefined,
      tags: {},
    },
  ]);
});

test("a queue names its dead-letter queue, as a map or as JSON text", () => {
  const dead = "D: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }";
  const arn = "arn:aws:sqs:eu-central-1:123456789012:dead";
  const asMap = only(
    `${dead}\nQ: { Type: AWS::SQS::Queue, Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt D.Arn, maxReceiveCount: 3 } } }`,
  );
  const asText = only(
    `${dead}\nQ: { Type: AWS::SQS::Queue, Properties: { RedrivePolicy: !Sub '{"deadLetterTargetArn":"\${D.Arn}","maxReceiveCount":"3"}' } }`,
  );
  for (const { queues } of [asMap, asText])
    expect(queues[1]?.redrive).toEqual({ deadLetterTargetArn: arn, maxReceiveCount: 3 });
});

test("a table carries keys, indexes, stream and TTL", () => {
  const table = `
T:
  Type: AWS::DynamoDB::Table
  Properties:
    TableName: keys
    BillingMode: PAY_PER_REQUEST
    AttributeDefinitions: [{ AttributeName: id, AttributeType: S }, { AttributeName: at, AttributeType: N }]
    KeySchema: [{ AttributeName: id, KeyType: HASH }, { AttributeName: at, KeyType: RANGE }]
    GlobalSecondaryIndexes: [{ IndexName: byTime, KeySchema: [{ AttributeName: at, KeyType: HASH }], Projection: { ProjectionType: KEYS_ONLY } }]
    StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }
    TimeToLiveSpecification: { AttributeName: ExpiresAt, Enabled: true }`;
  expect(only(table).tables).toEqual([
    expect.objectContaining({
      name: "keys",
      billingMode: "PAY_PER_REQUEST",
      keySchema: [
        { AttributeName: "id", KeyType: "HASH" },
        { AttributeName: "at", KeyType: "RANGE" },
      ],
      globalSecondaryIndexes: [
        {
          IndexName: "byTime",
          KeySchema: [{ AttributeName: "at", KeyType: "HASH" }],
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
      streamViewType: "NEW_AND_OLD_IMAGES",
      streamArn: expect.stringMatching(/:table\/keys\/stream\//),
      ttlAttribute: "ExpiresAt",
    }),
  ]);
});

test("a simple table has the key id unless told otherwise", () => {
  const { tables } = only(
    "A: { Type: AWS::Serverless::SimpleTable }\nB: { Type: AWS::Serverless::SimpleTable, Properties: { PrimaryKey: { Name: nr, Type: Number } } }",
  );
  expect(tables.map((table) => table.attributeDefinitions)).toEqual([
    [{ AttributeName: "id", AttributeType: "S" }],
    [{ AttributeName: "nr", AttributeType: "N" }],
  ]);
});

test("a bucket carries versioning, CORS, EventBridge and notifications to queues", () => {
  const bucket = `
Q: { Type: AWS::SQS::Queue, Properties: { QueueName: q } }
B:
  Type: AWS::S3::Bucket
  Properties:
    BucketName: landing
    VersioningConfiguration: { Status: Enabled }
    CorsConfiguration: { CorsRules: [{ AllowedOrigins: ['*'], AllowedMethods: [GET, PUT], MaxAge: 60 }] }
    NotificationConfiguration:
      EventBridgeConfiguration: {}
      QueueConfigurations: [{ Event: 's3:ObjectCreated:*', Queue: !GetAtt Q.Arn }]`;
  expect(only(bucket).buckets).toEqual([
    expect.objectContaining({
      name: "landing",
      versioning: true,
      eventBridge: true,
      cors: [
        {
          allowedOrigins: ["*"],
          allowedMethods: ["GET", "PUT"],
          allowedHeaders: [],
          exposedHeaders: [],
          maxAgeSeconds: 60,
        },
      ],
      notifications: [
        expect.objectContaining({
          events: ["s3:ObjectCreated:*"],
          target: { kind: "queue", arn: "arn:aws:sqs:eu-central-1:123456789012:q" },
        }),
      ],
    }),
  ]);
});

test("secrets, parameters, log groups and buses arrive", () => {
  const application = only(`
S: { Type: AWS::SecretsManager::Secret, Properties: { Name: minio, SecretString: !Sub '{"region":"\${AWS::Region}"}' } }
G: { Type: AWS::SecretsManager::Secret, Properties: { GenerateSecretString: { PasswordLength: 20 } } }
P: { Type: AWS::SSM::Parameter, Properties: { Name: /a/b, Type: String, Value: 5 } }
L: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: /x, RetentionInDays: 7 } }
E: { Type: AWS::Events::EventBus, Properties: { Name: orders } }`);
  expect(application.secrets.map(({ name, secretString, generate }) => ({ name, secretString, generate }))).toEqual([
    { name: "minio", secretString: '{"region":"eu-central-1"}', generate: undefined },
    { name: expect.stringMatching(/^G-[A-Za-z0-9]{12}$/), secretString: undefined, generate: { PasswordLength: 20 } },
  ]);
  expect(application.parameters).toEqual([
    {
      logicalId: "P",
      name: "/a/b",
      arn: "arn:aws:ssm:eu-central-1:123456789012:parameter/a/b",
      type: "String",
      value: "5",
      description: "",
    },
  ]);
  expect(application.logGroups).toEqual([expect.objectContaining({ name: "/x", retentionDays: 7 })]);
  expect(application.eventBuses).toEqual([
    {
      logicalId: "E",
      name: "orders",
      arn: "arn:aws:events:eu-central-1:123456789012:event-bus/orders",
      description: undefined,
      deadLetterArn: undefined,
      tags: {},
    },
  ]);
});

test("an alarm carries its metric, its bounds and its actions", () => {
  const { alarms } = only(`
Q: { Type: AWS::SQS::Queue, Properties: { QueueName: dead } }
N: { Type: AWS::SNS::Topic, Properties: { TopicName: mail } }
A:
  Type: AWS::CloudWatch::Alarm
  Properties: { AlarmName: dlq, Namespace: AWS/SQS, MetricName: ApproximateNumberOfMessagesVisible, Dimensions: [{ Name: QueueName, Value: !GetAtt Q.QueueName }], Statistic: Maximum, Period: 60, EvaluationPeriods: 2, Threshold: 0, ComparisonOperator: GreaterThanThreshold, TreatMissingData: notBreaching, AlarmActions: [!Ref N] }`);
  expect(alarms).toEqual([
    expect.objectContaining({
      name: "dlq",
      dimensions: { QueueName: "dead" },
      periodSeconds: 60,
      evaluationPeriods: 2,
      datapointsToAlarm: 2,
      threshold: 0,
      alarmActions: ["arn:aws:sns:eu-central-1:123456789012:mail"],
    }),
  ]);
});

test("a topic holds its subscriptions, wherever they are written", () => {
  const { topics } = only(`
Q: { Type: AWS::SQS::Queue, Properties: { QueueName: q } }
N: { Type: AWS::SNS::Topic, Properties: { TopicName: n, Subscription: [{ Protocol: email, Endpoint: a@b }] } }
S: { Type: AWS::SNS::Subscription, Properties: { TopicArn: !Ref N, Protocol: sqs, Endpoint: !GetAtt Q.Arn, RawMessageDelivery: "true" } }`);
  expect(topics[0]?.subscriptions).toEqual([
    expect.objectContaining({ protocol: "email" }),
    expect.objectContaining({
      protocol: "sqs",
      endpoint: "arn:aws:sqs:eu-central-1:123456789012:q",
      rawMessageDelivery: true,
    }),
  ]);
});

test("the definition of a state machine is substituted before it is parsed", () => {
  const machine =
    "M: { Type: AWS::Serverless::StateMachine, Properties: { DefinitionUri: flow.asl.json, DefinitionSubstitutions: { Max: 3, FnArn: !GetAtt Fn.Arn } } }";
  const { stateMachines } = read(
    withFunction("FunctionName: fn", machine),
    {},
    { "flow.asl.json": '{"MaxConcurrency": ${Max}, "Resource": "${FnArn}", "Kept": "${other}"}' },
  );
  expect(JSON.parse(stateMachines[0]?.definition ?? "")).toEqual({
    MaxConcurrency: 3,
    Resource: "arn:aws:lambda:eu-central-1:123456789012:function:fn",
    Kept: "${other}",
  });
  const yaml = read(
    withFunction("", machine.replace(".json", ".yaml")),
    {},
    { "flow.asl.yaml": "StartAt: A\nMax: ${Max}\n" },
  );
  expect(JSON.parse(yaml.stateMachines[0]?.definition ?? "")).toEqual({ StartAt: "A", Max: 3 });
});

test("a state machine without a definition on this machine is announced and left out", () => {
  const { notices, stateMachines } = only(
    "M: { Type: AWS::Serverless::StateMachine, Properties: { Name: m, DefinitionUri: { Bucket: b, Key: k } } }",
  );
  expect(stateMachines).toEqual([]);
  expect(notices).toEqual(['M cannot be started: its definition is not on this machine ({"Bucket":"b","Key":"k"}).']);
});

test("the stages that SAM generates can be referred to", () => {
  const apis =
    "A: { Type: AWS::Serverless::Api, Properties: { StageName: v1 } }\nH: { Type: AWS::Serverless::HttpApi }";
  const { functions } = read(
    withFunction("Environment: { Variables: { A1: !Ref Av1Stage, H1: !Ref HApiGatewayDefaultStage } }", apis),
  );
  expect(functions[0]?.environment).toEqual({ A1: "v1", H1: "$default" });
});

test("the whole application is plain JSON", () => {
  const application = only(
    "Q: { Type: AWS::SQS::Queue }\nA: { Type: AWS::Serverless::Api, Properties: { StageName: v1, Cors: \"'*'\", BinaryMediaTypes: [image~1png] } }",
  );
  expect(JSON.parse(JSON.stringify(application))).toEqual(application);
  expect(application.apis[0]).toMatchObject({
    kind: "rest",
    stages: ["v1"],
    cors: { allowOrigins: ["*"] },
    binaryMediaTypes: ["image/png"],
  });
});

test("custom resources of CDK that have nothing to do here are not told of; others are", () => {
  const template = withFunction(
    "",
    `A: { Type: "Custom::S3AutoDeleteObjects", Properties: { ServiceToken: x } }
B: { Type: "Custom::LogRetention", Properties: { ServiceToken: x } }
C: { Type: "Custom::AWS", Properties: { ServiceToken: x } }`,
  );
  expect(read(template).notices).toEqual(["C (Custom::AWS) is not emulated: it is skipped."]);
});

test("notifications that CDK sets on a bucket of another stack are told of", () => {
  const template = withFunction(
    "",
    `N: { Type: "Custom::S3BucketNotifications", Properties: { ServiceToken: x, BucketName: theirs, NotificationConfiguration: {}, Managed: false } }`,
  );
  expect(read(template).notices).toEqual(["N: theirs is not a bucket of this template; what it tells is skipped."]);
});

test("a global table is the table of its own region", () => {
  const replica = (region: string): string =>
    `{ Region: ${region}, DeletionProtectionEnabled: true, TableClass: STANDARD }`;
  const { notices, outputs, tables } = read(`
Resources:
  Orders:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      TableName: orders
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }, { AttributeName: by, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      GlobalSecondaryIndexes:
        - { IndexName: by, KeySchema: [{ AttributeName: by, KeyType: HASH }], Projection: { ProjectionType: ALL }, WriteProvisionedThroughputSettings: {} }
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: { StreamViewType: NEW_IMAGE }
      WriteProvisionedThroughputSettings: {}
      Replicas: [${replica("us-west-2")}, ${replica("eu-central-1")}]
Outputs: { Arn: { Value: !GetAtt Orders.StreamArn } }
`);
  expect(tables).toMatchObject([
    { name: "orders", billingMode: "PAY_PER_REQUEST", streamViewType: "NEW_IMAGE", deletionProtection: true },
  ]);
  expect(tables[0]?.globalSecondaryIndexes.map(({ IndexName }) => IndexName)).toEqual(["by"]);
  expect(outputs["Arn"]).toMatch(/^arn:aws:dynamodb:eu-central-1:123456789012:table\/orders\/stream\//);
  expect(notices).toEqual(["Orders has no replicas here: those in us-west-2 are left out."]);
});

test("the version of CDK's own bootstrap stack is not told of; other parameters of SSM are", () => {
  const parameter = (key: string): string => `{ Type: "AWS::SSM::Parameter::Value<String>", Default: ${key} }`;
  const template = withFunction(
    "",
    "",
    `Parameters: { BootstrapVersion: ${parameter("/cdk-bootstrap/hnb659fds/version")}, Other: ${parameter("/app/x")} }`,
  );
  expect(read(template).notices).toEqual([
    expect.stringContaining("Parameter Other is read from the SSM parameter /app/x"),
  ]);
});
