import { read, withFunction } from "../support.js";

const HEAD = `
Parameters:
  Stage: { Type: String, Default: dev }
  Zones: { Type: CommaDelimitedList, Default: "a, b,c" }
  Port: { Type: Number, Default: 8080 }
Mappings:
  Sizes:
    dev: { memory: small, "2": two }
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Not [!Condition IsDev]
  Both: !And [{ Condition: IsDev }, !Equals [a, a]]
  Either: { "Fn::Or": [{ Condition: IsProd }, { "Fn::Equals": [!Ref Port, 8080] }] }
`;
const RESOURCES = `
Docs: { Type: AWS::S3::Bucket, Properties: { BucketName: docs-bucket } }
Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
Dead: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }
Items:
  Type: AWS::DynamoDB::Table
  Properties:
    TableName: items
    AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
    KeySchema: [{ AttributeName: id, KeyType: HASH }]
News: { Type: AWS::SNS::Topic, Properties: { TopicName: news } }
Key: { Type: AWS::SecretsManager::Secret, Properties: { Name: the-key, SecretString: "{}" } }
Bus: { Type: AWS::Events::EventBus, Properties: { Name: orders } }
Flow: { Type: AWS::Serverless::StateMachine, Properties: { Name: flow, Definition: { StartAt: A } } }
Work: { Type: AWS::IAM::Role, Properties: { RoleName: work, Path: /service/ } }
Feed: { Type: AWS::Kinesis::Stream, Properties: { Name: feed } }
Web: { Type: AWS::Serverless::Api, Properties: { StageName: v1 } }
Front: { Type: AWS::Serverless::HttpApi }
Log: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: /x } }
Param: { Type: AWS::SSM::Parameter, Properties: { Name: /app/url, Type: String, Value: "http://x" } }
Other:
  Type: AWS::Serverless::Function
  Properties: { FunctionName: other, CodeUri: src, Handler: app.handler, Runtime: nodejs22.x, FunctionUrlConfig: { AuthType: NONE } }
`;

const valueOf = (expression: string): string | undefined =>
  read(withFunction(`Environment: { Variables: { IT: ${expression} } }`, RESOURCES, HEAD)).functions.find(
    (fn) => fn.logicalId === "Fn",
  )?.environment["IT"];

describe("intrinsic functions", () => {
  test.each([
    ["!Ref Stage", "dev"],
    ["{ Ref: Stage }", "dev"],
    ["!Ref Port", "8080"],
    ["!Ref AWS::Region", "eu-central-1"],
    ["!Ref AWS::AccountId", "123456789012"],
    ["!Ref AWS::Partition", "aws"],
    ["!Ref AWS::StackName", "shop"],
    ["!Ref AWS::URLSuffix", "amazonaws.com"],
    ['!Sub "${Stage}-${AWS::Region}"', "dev-eu-central-1"],
    ['!Sub "${!Stage}/${Docs}"', "${Stage}/docs-bucket"],
    [
      '!Sub ["${Who}-${Stage}-${Docs.Arn}", { Who: !Ref Jobs }]',
      "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs-dev-arn:aws:s3:::docs-bucket",
    ],
    ['{ "Fn::Sub": "${Items.Arn}" }', "arn:aws:dynamodb:eu-central-1:123456789012:table/items"],
    ['!Join ["-", [a, !Ref Stage, !Ref Port]]', "a-dev-8080"],
    ['!Join ["+", !Ref Zones]', "a+b+c"],
    ["!Select [1, !Ref Zones]", "b"],
    ['!Select [2, !Split ["/", "https://host/path"]]', "host"],
    [
      '!Select [2, !Split ["/", !GetAtt Front.ApiEndpoint]]',
      expect.stringMatching(/^[a-z0-9]{10}\.execute-api\.eu-central-1\.amazonaws\.com$/),
    ],
    ["!FindInMap [Sizes, !Ref Stage, memory]", "small"],
    ["!FindInMap [Sizes, dev, 2]", "two"],
    ["!FindInMap [Sizes, prod, memory, { DefaultValue: none }]", "none"],
    ["!If [IsDev, yes-it-is, no]", "yes-it-is"],
    ["!If [IsProd, a, !If [Both, b, c]]", "b"],
    ["!If [Either, a, b]", "a"],
    ["!Base64 text", "dGV4dA=="],
    ['!Select [2, !GetAZs ""]', "eu-central-1c"],
    ["!Select [1, !Cidr [10.0.0.0/16, 2, 8]]", "10.0.1.0/24"],
    ["!ToJsonString { a: [1, !Ref Stage] }", '{"a":[1,"dev"]}'],
    ["!Length [a, b]", "2"],
    ["'{{resolve:secretsmanager:x:SecretString:y}}'", "{{resolve:secretsmanager:x:SecretString:y}}"],
    ["30", "30"],
    ["true", "true"],
    ["2012-10-17", "2012-10-17"],
    ["12:30", "12:30"],
    ["yes", "true"],
    ["N", "N"],
  ])("%s gives %s", (expression, expected) => {
    expect(valueOf(expression)).toEqual(expected);
  });

  test("AWS::NoValue takes the property away", () => {
    expect(valueOf("!If [IsProd, a, !Ref AWS::NoValue]")).toBeUndefined();
  });

  test("an export of another stack is the value given, or a placeholder that is said aloud", () => {
    const template = withFunction("Environment: { Variables: { IT: !ImportValue vpc-id } }");
    expect(read(template, { importValues: { "vpc-id": "vpc-1" } }).functions[0]?.environment).toEqual({ IT: "vpc-1" });
    const { functions, notices, placeholders } = read(template);
    expect(functions[0]?.environment).toEqual({ IT: "imported-vpc-id" });
    expect(placeholders.map(({ value }) => value)).toEqual(["imported-vpc-id"]);
    expect(notices).toEqual([expect.stringContaining("Fn::ImportValue vpc-id")]);
  });

  test("AWS::Include reads a file beside the template", () => {
    const template = withFunction(
      "Environment:\n  Variables:\n    Fn::Transform: { Name: AWS::Include, Parameters: { Location: vars.yaml } }\n    OWN: x",
    );
    const { functions } = read(template, {}, { "vars.yaml": "FROM_FILE: !Ref AWS::Region\nOWN: y\n" });
    expect(functions[0]?.environment).toEqual({ OWN: "x", FROM_FILE: "eu-central-1" });
  });
});

describe("references to resources", () => {
  const arn = (service: string, resource: string): string => `arn:aws:${service}:eu-central-1:123456789012:${resource}`;
  test.each([
    ["!Ref Docs", "docs-bucket"],
    ["!GetAtt Docs.Arn", "arn:aws:s3:::docs-bucket"],
    ["!GetAtt [Docs, DomainName]", "docs-bucket.s3.amazonaws.com"],
    ['{ "Fn::GetAtt": [Docs, RegionalDomainName] }', "docs-bucket.s3.eu-central-1.amazonaws.com"],
    ["!Ref Jobs", "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs"],
    ["!GetAtt Jobs.Arn", arn("sqs", "jobs")],
    ["!GetAtt Jobs.QueueName", "jobs"],
    ["!GetAtt Dead.QueueName", expect.stringMatching(/^shop-Dead-[A-Z0-9]{12}\.fifo$/)],
    ["!Ref Items", "items"],
    ["!GetAtt Items.StreamArn", expect.stringMatching(/:table\/items\/stream\/20/)],
    ["!Ref News", arn("sns", "news")],
    ["!GetAtt News.TopicName", "news"],
    ["!Ref Key", expect.stringMatching(/:secret:the-key-[A-Za-z0-9]{6}$/)],
    ["!Ref Bus", "orders"],
    ["!GetAtt Bus.Arn", arn("events", "event-bus/orders")],
    ["!Ref Flow", arn("states", "stateMachine:flow")],
    ["!GetAtt Flow.Name", "flow"],
    ["!Ref Work", "work"],
    ["!GetAtt Work.Arn", "arn:aws:iam::123456789012:role/service/work"],
    ["!GetAtt Feed.Arn", arn("kinesis", "stream/feed")],
    ["!Ref Web", expect.stringMatching(/^[a-z0-9]{10}$/)],
    ["!GetAtt Web.RootResourceId", expect.stringMatching(/^[a-z0-9]{10}$/)],
    ['!Sub "${Web.Stage}"', "v1"],
    ["!Ref Web.Stage", "v1"],
    ["!GetAtt Log.Arn", arn("logs", "log-group:/x:*")],
    ["!Ref Param", "/app/url"],
    ["!GetAtt Param.Value", "http://x"],
    ["!Ref Other", "other"],
    ["!GetAtt Other.Arn", arn("lambda", "function:other")],
    ["!GetAtt OtherRole.Arn", expect.stringMatching(/:role\/shop-OtherRole-[A-Za-z0-9]{12}$/)],
    [
      "!GetAtt OtherUrl.FunctionUrl",
      expect.stringMatching(/^https:\/\/[a-z0-9]{32}\.lambda-url\.eu-central-1\.on\.aws\/$/),
    ],
  ])("%s gives %s", (expression, expected) => {
    expect(valueOf(expression)).toEqual(expected);
  });

  test("generated names are CloudFormation's, and the same every time", () => {
    const template = withFunction("", "Q: { Type: AWS::SQS::Queue }\nB: { Type: AWS::S3::Bucket }");
    const [first, second] = [read(template), read(template)];
    expect(first.functions[0]?.name).toMatch(/^shop-Fn-[A-Za-z0-9]{12}$/);
    expect(first.queues[0]?.name).toMatch(/^shop-Q-[A-Z0-9]{12}$/);
    expect(first.buckets[0]?.name).toMatch(/^shop-b-[a-z0-9]{12}$/);
    expect(second.functions[0]?.name).toBe(first.functions[0]?.name);
  });

  test("a generated function name stays within 64 characters and keeps its suffix", () => {
    const { functions } = read(withFunction(), {
      stackName: "a-stack-name-that-is-really-rather-long-for-what-it-does",
    });
    expect(functions[0]?.name).toMatch(/^.{51}[A-Za-z0-9-]{13}$/);
    expect(functions[0]?.name).toMatch(/-Fn-[A-Za-z0-9]{12}$/);
  });

  test("implicit APIs exist when events use them", () => {
    const events = "Events: { A: { Type: Api, Properties: { Path: /a, Method: get } }, B: { Type: HttpApi } }";
    const { apis, outputs } = read(
      `${withFunction(events)}\nOutputs: { Url: { Value: !Sub "https://\${ServerlessRestApi}.execute-api.\${AWS::Region}.amazonaws.com/Prod/" }, H: { Value: !Ref ServerlessHttpApi } }`,
    );
    expect(apis.map(({ kind, logicalId, stages }) => [kind, logicalId, stages])).toEqual([
      ["rest", "ServerlessRestApi", ["Prod"]],
      ["http", "ServerlessHttpApi", ["$default"]],
    ]);
    expect(outputs).toEqual({ Url: `${apis[0]?.endpoint}/Prod/`, H: apis[1]?.id });
  });

  describe("usage plans of SAM", () => {
    const outputs = (prefix: string): string =>
      `Outputs: { Key: { Value: !Ref ${prefix}ApiKey }, Same: { Value: !GetAtt ${prefix}ApiKey.APIKeyId }, Plan: { Value: !Ref ${prefix}UsagePlan }, Both: { Value: !Ref ${prefix}UsagePlanKey } }`;
    const auth = (kind: string): string => `Auth: { ApiKeyRequired: true, UsagePlan: { CreateUsagePlan: ${kind} } }`;
    const api = (name: string, kind: string): string =>
      `${name}: { Type: AWS::Serverless::Api, Properties: { StageName: dev, ${auth(kind)} } }`;

    test.each([
      ["of one API", withFunction("", api("Front", "PER_API")), "Front"],
      ["that APIs share", withFunction("", `${api("Front", "SHARED")}\n${api("Back", "SHARED")}`), "Serverless"],
      [
        "of the implicit API",
        `Globals: { Api: { ${auth("PER_API")} } }\n${withFunction("Events: { A: { Type: Api, Properties: { Path: /a, Method: get } } }")}`,
        "ServerlessRestApi",
      ],
    ])("those %s can be referred to, and the API takes that key", (_whose, template, prefix) => {
      const { apis, outputs: found } = read(`${template}\n${outputs(prefix)}`);
      const [plan] = apis[0]?.settings.usagePlans ?? [];
      expect(plan).toMatchObject({ id: `${prefix}UsagePlan`, keys: [{ id: found["Key"], name: `${prefix}ApiKey` }] });
      expect(found["Same"]).toBe(found["Key"]);
      expect(found["Plan"]).toMatch(/^[a-z0-9]{6}$/);
      expect(found["Both"]).not.toBe(found["Plan"]);
      for (const { settings } of apis) expect(settings.usagePlans).toEqual(apis[0]?.settings.usagePlans);
    });

    test("those with NONE are not there", () => {
      const { outputs: found, notices } = read(`${withFunction("", api("Front", "NONE"))}\n${outputs("Front")}`);
      expect(found).toEqual({});
      expect(notices).toContainEqual(expect.stringMatching(/output Key cannot be worked out: .*FrontApiKey/));
    });

    test("keys of the template can be put into them", () => {
      const { apis } = read(
        withFunction(
          "",
          `${api("Front", "PER_API")}
Mine: { Type: AWS::ApiGateway::ApiKey, Properties: { Value: my-key-of-twenty-letters } }
MineIn: { Type: AWS::ApiGateway::UsagePlanKey, Properties: { KeyId: !Ref Mine, KeyType: API_KEY, UsagePlanId: !Ref FrontUsagePlan } }`,
        ),
      );
      const values = apis[0]?.settings.usagePlans.flatMap(({ keys }) => keys.map(({ value }) => value));
      expect(values).toEqual([expect.stringMatching(/^[0-9a-f]{40}$/), "my-key-of-twenty-letters"]);
    });
  });

  test("resources that are not emulated are announced, skipped, and still give values", () => {
    const { functions, notices, placeholders, skipped } = read(
      withFunction(
        "Environment: { Variables: { CDN: !GetAtt Cdn.DomainName, DB: !Ref Db } }",
        "Cdn: { Type: AWS::CloudFront::Distribution }\nDb: { Type: AWS::RDS::DBInstance }",
      ),
    );
    expect(skipped).toEqual([
      { logicalId: "Cdn", type: "AWS::CloudFront::Distribution" },
      { logicalId: "Db", type: "AWS::RDS::DBInstance" },
    ]);
    const { CDN, DB } = functions[0]?.environment ?? {};
    expect(CDN).toMatch(/\.cloudfront\.invalid$/);
    expect(placeholders.map(({ value }) => value)).toEqual([CDN, DB]);
    expect(notices).toContainEqual("Cdn (AWS::CloudFront::Distribution) is not emulated: it is skipped.");
  });

  test("a resource whose condition does not hold is not there", () => {
    const head = "Conditions: { Never: !Equals [a, b] }";
    expect(read(withFunction("", "Q: { Type: AWS::SQS::Queue, Condition: Never }", head)).queues).toEqual([]);
  });
});

test("a JSON template reads like its YAML twin", () => {
  const template = {
    Resources: {
      Fn: {
        Type: "AWS::Lambda::Function",
        Properties: {
          FunctionName: "fn",
          Handler: "app.handler",
          Runtime: "nodejs24.x",
          Code: "src",
          Role: { "Fn::Join": [":", ["arn", { Ref: "AWS::Region" }]] },
        },
      },
    },
  };
  const [fn] = read(JSON.stringify(template, null, "\t")).functions;
  expect(fn).toMatchObject({
    name: "fn",
    runtime: "nodejs24.x",
    role: "arn:eu-central-1",
    code: { kind: "bundle", handlerFile: "app" },
  });
});
