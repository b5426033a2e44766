import { errorOf, indent, placeIn, read, withFunction } from "../support.js";

interface Case {
  readonly what: string;
  readonly template: string;
  readonly code: "LR2001" | "LR2002" | "LR2003" | "LR2004" | "LR2005";
  /** The text at which the error has to point. */
  readonly at: string;
  readonly says: RegExp;
  readonly path?: string;
}

const property = (what: string, text: string, at: string, says: RegExp, path: string): Case => ({
  what,
  template: withFunction(text),
  code: "LR2004",
  at,
  says,
  path: `Resources.Fn.Properties.${path}`,
});

const CASES: readonly Case[] = [
  {
    what: "an unclosed list",
    template: "Resources:\n  A: [1, 2\n  B: 3\n",
    code: "LR2002",
    at: "B: 3",
    says: /not valid: Flow sequence/,
  },
  {
    what: "a tab as indentation",
    template: "Resources:\n\tA: 1\n",
    code: "LR2002",
    at: "\tA: 1",
    says: /Tabs are not allowed/,
  },
  { what: "a key given twice", template: "Resources:\n  A: 1\n  A: 2\n", code: "LR2002", at: "A: 2", says: /unique/ },
  {
    what: "a short form that does not exist",
    template: "Resources:\n  A: !Reff x\n",
    code: "LR2002",
    at: "x\n",
    says: /!Reff is not an intrinsic function.*"!Ref"/,
  },
  { what: "broken JSON", template: '{ "Resources": { "A": } }', code: "LR2004", at: "", says: /A has no Type/ },
  {
    what: "a reference to nothing",
    template: withFunction("Environment: { Variables: { QUEUE: !Ref Jbos } }", "Jobs: { Type: AWS::SQS::Queue }"),
    code: "LR2003",
    at: "Jbos",
    says: /"Jbos" is neither a resource nor a parameter.*Did you mean "Jobs"\?/,
    path: "Resources.Fn.Properties.Environment.Variables.QUEUE",
  },
  {
    what: "a property beside Properties",
    template: "Resources:\n  A:\n    Type: AWS::SQS::Queue\n    QueueName: q\n",
    code: "LR2004",
    at: "QueueName: q",
    says: /^Resource A has no attribute "QueueName"$/,
    path: "Resources.A.QueueName",
  },
  {
    what: "a slip in an attribute of a resource",
    template: "Resources:\n  A:\n    Type: AWS::SQS::Queue\n    Propertys: { QueueName: q }\n",
    code: "LR2004",
    at: "Propertys",
    says: /no attribute "Propertys"\. Did you mean "Properties"\?/,
    path: "Resources.A.Propertys",
  },
  {
    what: "an attribute that does not exist",
    template: withFunction("Environment: { Variables: { ARN: !GetAtt Jobs.Ann } }", "Jobs: { Type: AWS::SQS::Queue }"),
    code: "LR2003",
    at: "Jobs.Ann",
    says: /AWS::SQS::Queue Jobs has no attribute "Ann".*"Arn"/,
  },
  {
    what: "a name inside Fn::Sub",
    template: withFunction('Description: !Sub "x ${Sateg}"', "", "Parameters: { Stage: { Type: String, Default: a } }"),
    code: "LR2003",
    at: '"x ${',
    says: /"Sateg".*"Stage"/,
  },
  {
    what: "shell syntax inside Fn::Sub",
    template: withFunction('Description: !Sub "${HOME:-x}"'),
    code: "LR2003",
    at: '"${HOME',
    says: /is not a name/,
  },
  {
    what: "a pseudo parameter that does not exist",
    template: withFunction("Description: !Ref AWS::Regoin"),
    code: "LR2003",
    at: "AWS::Regoin",
    says: /"AWS::Region"/,
  },
  {
    what: "a condition that is not declared",
    template: withFunction("Description: !If [IsPord, a, b]", "", "Conditions: { IsProd: !Equals [a, b] }"),
    code: "LR2003",
    at: "[IsPord",
    says: /"IsProd"/,
  },
  {
    what: "an index outside the list",
    template: withFunction("Description: !Select [3, [a, b]]"),
    code: "LR2003",
    at: "[3, [",
    says: /cannot select nonexistent value at index 3/,
  },
  {
    what: "a missing map entry",
    template: withFunction("Description: !FindInMap [M, a, c]", "", "Mappings: { M: { a: { b: 1 } } }"),
    code: "LR2003",
    at: "[M, a",
    says: /Mappings has no M\.a\.c/,
  },
  {
    what: "names that need each other",
    template:
      "Resources:\n  A: { Type: AWS::SQS::Queue, Properties: { QueueName: !GetAtt B.QueueName } }\n  B: { Type: AWS::SQS::Queue, Properties: { QueueName: !GetAtt A.QueueName } }\n",
    code: "LR2003",
    at: "B.QueueName",
    says: /Circular reference: B → A → B/,
  },
  {
    what: "resources that wait for each other",
    template:
      "Resources:\n  A: { Type: AWS::SQS::Queue, DependsOn: B }\n  B: { Type: AWS::SQS::Queue, DependsOn: A }\n",
    code: "LR2003",
    at: "A: {",
    says: /\[A, B\]/,
  },
  {
    what: "conditions that need each other",
    template: withFunction(
      "",
      "Q: { Type: AWS::SQS::Queue, Condition: A }",
      "Conditions: { A: !Not [!Condition B], B: !Not [!Condition A] }",
    ),
    code: "LR2003",
    at: "A]",
    says: /Circular reference: Conditions\.A → Conditions\.B → Conditions\.A/,
  },
  property("a timeout above AWS's", "Timeout: 901", "901", /Timeout of Fn cannot be 901/, "Timeout"),
  property("a timeout of nothing", "Timeout: 0", "0\n", /cannot be 0/, "Timeout"),
  property("too little memory", "MemorySize: 100", "100", /MemorySize of Fn cannot be 100/, "MemorySize"),
  property("a fraction of a megabyte", "MemorySize: 128.5", "128.5", /cannot be 128\.5/, "MemorySize"),
  property(
    "too small a /tmp",
    "EphemeralStorage: { Size: 511 }",
    "511",
    /Size of Fn cannot be 511/,
    "EphemeralStorage.Size",
  ),
  property(
    "wrong letter case in a property",
    "Memorysize: 256",
    "Memorysize",
    /no property "Memorysize"\. Did you mean "MemorySize"\?/,
    "Memorysize",
  ),
  property("a property in capitals", "MEMORYSIZE: 256", "MEMORYSIZE", /Did you mean "MemorySize"\?/, "MEMORYSIZE"),
  property("a slip in a property", "Timout: 3", "Timout", /Did you mean "Timeout"\?/, "Timout"),
  property(
    "wrong letter case further in",
    "Environment: { variables: { A1: b } }",
    "variables",
    /Environment of Fn has no property "variables"/,
    "Environment.variables",
  ),
  {
    what: "a runtime that does not exist",
    template:
      "Resources:\n  Fn: { Type: AWS::Serverless::Function, Properties: { Runtime: nodejs22, Handler: a.b, CodeUri: src } }\n",
    code: "LR2004",
    at: "nodejs22",
    says: /Runtime of Fn cannot be "nodejs22"/,
  },
  property(
    "a name of 65 letters",
    `FunctionName: ${"n".repeat(65)}`,
    "n".repeat(65),
    /FunctionName of Fn cannot be/,
    "FunctionName",
  ),
  property("six layers", "Layers: [a, b, c, d, e, f]", "Layers", /Layers of Fn cannot be/, "Layers"),
  property(
    "a reserved variable",
    "Environment: { Variables: { OWN: a, AWS_REGION: b } }",
    "AWS_REGION",
    /cannot set the variable AWS_REGION/,
    "Environment.Variables.AWS_REGION",
  ),
  property(
    "two architectures",
    "Architectures: [x86_64, arm64]",
    "Architectures",
    /Architectures of Fn/,
    "Architectures",
  ),
  property(
    "an environment above 4 KB",
    `Environment: { Variables: { BIG: ${"x".repeat(4096)} } }`,
    "Variables:",
    /environment of Fn is too large/,
    "Environment.Variables",
  ),
  property(
    "an event of no known type",
    "Events: { E: { Type: SQSS, Properties: {} } }",
    "SQSS",
    /SQSS is not an event type of SAM\. Did you mean "SQS"\?/,
    "Events.E.Type",
  ),
  property(
    "a slip in an event's property",
    "Events: { Q: { Type: SQS, Properties: { Queue: arn:aws:sqs:us-east-1:000000000000:q, BatchSzie: 1 } } }",
    "BatchSzie",
    /event type SQS has no property "BatchSzie"\. Did you mean "BatchSize"\?/,
    "Events.Q.Properties.BatchSzie",
  ),
  property(
    "an HTTP event with a method alone",
    "Events: { H: { Type: HttpApi, Properties: { Pth: /a, Method: GET } } }",
    "Properties: { Pth",
    /The event H of Fn has no Path/,
    "Events.H.Properties",
  ),
  property(
    "an event without what it needs",
    "Events: { E: { Type: SQS, Properties: { BatchSize: 5 } } }",
    "Properties: { BatchSize",
    /Fn has no Queue/,
    "Events.E.Properties.Queue",
  ),
  property(
    "a batch above ten without a window",
    "Events: { E: { Type: SQS, Properties: { Queue: 'arn:aws:sqs:r:1:q', BatchSize: 11 } } }",
    "11",
    /BatchSize of Fn cannot be 11/,
    "Events.E.Properties.BatchSize",
  ),
  property(
    "a schedule below a minute",
    "Events: { E: { Type: Schedule, Properties: { Schedule: rate(30 seconds) } } }",
    "rate(30",
    /schedule of Fn cannot be "rate\(30 seconds\)"/,
    "Events.E.Properties.Schedule",
  ),
  property(
    "a plural for one",
    "Events: { E: { Type: Schedule, Properties: { Schedule: rate(1 minutes) } } }",
    "rate(1",
    /cannot be "rate\(1 minutes\)"/,
    "Events.E.Properties.Schedule",
  ),
  property(
    "a queue by its URL",
    "Events: { E: { Type: SQS, Properties: { Queue: 'https://sqs.eu-central-1.amazonaws.com/1/q' } } }",
    "'https",
    /names a queue by its URL/,
    "Events.E.Properties.Queue",
  ),
  property(
    "an S3 event on a bucket from elsewhere",
    "Events: { E: { Type: S3, Properties: { Bucket: foreign, Events: s3:ObjectCreated:* } } }",
    "foreign",
    /a bucket that this template does not declare/,
    "Events.E.Properties.Bucket",
  ),
  {
    what: "no Handler",
    template:
      "Resources:\n  Fn: { Type: AWS::Serverless::Function, Properties: { Runtime: nodejs22.x, CodeUri: src } }\n",
    code: "LR2004",
    at: "Fn:",
    says: /Fn has no Handler/,
  },
  {
    what: "a FIFO queue without its suffix",
    template: "Resources:\n  Q: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true, QueueName: jobs } }\n",
    code: "LR2004",
    at: "jobs",
    says: /does not fit its kind/,
  },
  {
    what: "a bucket name in capitals",
    template: "Resources:\n  B: { Type: AWS::S3::Bucket, Properties: { BucketName: Docs } }\n",
    code: "LR2004",
    at: "Docs",
    says: /BucketName of B cannot be "Docs"/,
  },
  {
    what: "a key without a type",
    template:
      "Resources:\n  T: { Type: AWS::DynamoDB::Table, Properties: { KeySchema: [{ AttributeName: id, KeyType: HASH }] } }\n",
    code: "LR2004",
    at: "KeySchema",
    says: /The key id of T has no type/,
  },
  {
    what: "a resource without a type",
    template: "Resources:\n  Q: { Properties: {} }\n",
    code: "LR2004",
    at: "Q:",
    says: /Resource Q has no Type/,
  },
  { what: "no Resources", template: "Description: x\n", code: "LR2004", at: "Description", says: /no Resources/ },
  {
    what: "a section in wrong letter case",
    template: "resources: {}\n",
    code: "LR2004",
    at: "resources",
    says: /Did you mean "Resources"\?/,
  },
  {
    what: "a Globals section that does not exist",
    template: withFunction("", "", "Globals: { Functions: { Timeout: 3 } }"),
    code: "LR2004",
    at: "Functions",
    says: /Did you mean "Function"\?/,
  },
  {
    what: "a parameter default outside its values",
    template: withFunction("", "", "Parameters: { S: { Type: String, Default: pord, AllowedValues: [dev, prod] } }"),
    code: "LR2004",
    at: "pord",
    says: /Parameter S cannot be "pord"/,
  },
  {
    what: "a parameter type that does not exist",
    template: withFunction("", "", "Parameters: { S: { Type: Strnig } }"),
    code: "LR2004",
    at: "Strnig",
    says: /Did you mean "String"\?/,
  },
];

describe("faults of a template", () => {
  test.each(CASES)("$what is refused at its place", ({ template, code, at, says, path }) => {
    const error = errorOf(() => read(template));
    expect(error.what).toMatch(says);
    expect(error.code).toBe(code);
    if (at !== "") {
      expect(error.where).toMatch(new RegExp(`template\\.yaml:${placeIn(template, at)}( |$)`));
      const [line = ""] = placeIn(template, at).split(":");
      expect(error.codeFrame).toMatch(new RegExp(`^> *${line} \\|`, "m"));
    }
    if (path !== undefined) expect(error.where).toContain(`(${path})`);
    expect(error.exitCode).toBe(2);
  });

  test("the code frame shows the lines around the place and marks the column", () => {
    const error = errorOf(() =>
      read("Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n      DelaySeconds: 901\n"),
    );
    expect(error.codeFrame).toBe(
      [
        "  3 |     Type: AWS::SQS::Queue",
        "  4 |     Properties:",
        "> 5 |       DelaySeconds: 901",
        "    |                     ^",
        "  6 |",
      ].join("\n"),
    );
    expect(error.why).toBe("AWS accepts whole numbers from 0 to 900 seconds");
  });

  test("AWS's own texts are given where AWS has one", () => {
    const whyOf = (properties: string): string | undefined => errorOf(() => read(withFunction(properties))).why;
    expect(whyOf("Layers: [a, b, c, d, e, f]")).toBe("Cannot reference more than 5 layers.");
    expect(whyOf("Environment: { Variables: { AWS_REGION: b } }")).toMatch(
      /reserved keys that are currently not supported for modification\. Reserved keys used in this request: AWS_REGION$/,
    );
    const value = "x".repeat(4096);
    expect(whyOf(`Environment: { Variables: { BIG: ${value} } }`)).toBe(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {"BIG":"${value}"}`,
    );
  });

  test("the environment limit is AWS's to the byte", () => {
    const ofBytes = (bytes: number): string =>
      withFunction(`Environment: { Variables: { BIG: ${"x".repeat(bytes - '{"BIG":""}'.length)} } }`);
    expect(read(ofBytes(4096)).functions).toHaveLength(1);
    expect(errorOf(() => read(ofBytes(4097))).code).toBe("LR2004");
  });

  test("a template that is not there is LR2001", () => {
    expect(errorOf(() => read("Resources: {}", { file: "/nowhere/template.yaml" })).code).toBe("LR2001");
  });

  test("a fault in Globals is shown where it is written", () => {
    const template = withFunction("", "", "Globals:\n  Function:\n    Timeout: 901\n");
    expect(errorOf(() => read(template)).where).toContain(`template.yaml:${placeIn(template, "901")} `);
  });

  test("a property that lambda-run does not know is announced, not refused", () => {
    expect(read(withFunction("BrandNewThing: { A: 1 }")).notices).toEqual([
      "Fn: BrandNewThing is not a property of AWS::Serverless::Function that lambda-run knows; it is ignored.",
    ]);
  });

  test("a slip in one of SAM's types is told; other types that are merely alike are not", () => {
    const { notices } = read(
      withFunction("FunctionName: fn", "Api: { Type: AWS::Serverless::HttpApy }\nPool: { Type: AWS::SQS::Queues }"),
    );
    expect(notices).toEqual([
      'Api (AWS::Serverless::HttpApy) is not emulated: it is skipped. Did you mean "AWS::Serverless::HttpApi"?',
      "Pool (AWS::SQS::Queues) is not emulated: it is skipped.",
    ]);
  });

  test("a model that the API does not declare is told", () => {
    const { eventSources, notices } = read(
      withFunction(
        "Events: { A: { Type: Api, Properties: { Path: /a, Method: post, RequestModel: { Model: Nope, ValidateBody: true } } } }",
      ),
    );
    expect(eventSources).toMatchObject([{ kind: "restApi", validation: undefined }]);
    expect(notices).toEqual([
      "Fn: the model Nope of its event A is not among the Models of ServerlessRestApi: bodies are not checked, and SAM refuses it.",
    ]);
  });

  test("a circle that only SAM closes is announced: AWS would refuse it", () => {
    const bucket = "B: { Type: AWS::S3::Bucket }";
    const event = "Events: { E: { Type: S3, Properties: { Bucket: !Ref B, Events: s3:ObjectCreated:* } } }";
    expect(read(withFunction(event, bucket)).notices).toEqual([]);
    const { notices } = read(withFunction(`${event}\nEnvironment: { Variables: { BUCKET: !Ref B } }`, bucket));
    expect(notices).toEqual([
      expect.stringMatching(/^AWS will refuse to deploy this template: circular dependency Fn → B → Fn/),
    ]);
  });

  test("aliases cannot blow a template up", () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array.from({ length: 9 }, () => `*l${i}`).join(", ")}]`,
    );
    const bomb = `Metadata:\n${indent(["l0: &l0 [x, x, x]", ...levels].join("\n"), 2)}\nResources: {}\n`;
    expect(errorOf(() => read(bomb)).message).toMatch(/aliases .* too large/);
  });
});

describe("template parameters", () => {
  const head =
    "Parameters:\n  Stage: { Type: String, Default: dev }\n  Size: { Type: Number, MinValue: 2, MaxValue: 5 }\n  Mail: { Type: String, AllowedPattern: '.+@.+' , Default: a@b }\n  Image: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /ami }\n";
  const template = withFunction(
    "Environment: { Variables: { STAGE: !Ref Stage, SIZE: !Ref Size, IMAGE: !Ref Image } }",
    "",
    head,
  );

  test("overrides win over defaults", () => {
    expect(
      read(template, { parameterOverrides: { Stage: "prod", Size: "3" } }).functions[0]?.environment,
    ).toMatchObject({ STAGE: "prod", SIZE: "3" });
  });

  test("one without a value gets a placeholder that is said aloud", () => {
    const { functions, notices, placeholders } = read(template);
    expect(functions[0]?.environment["SIZE"]).toBe("2");
    const notice = 'Parameter Size has no default: "2" stands in for it. Pass --parameter-overrides Size=Value.';
    expect(notices).toContainEqual(notice);
    expect(placeholders).toContainEqual({ value: "2", notice });
  });

  test("an SSM parameter stays a marker until a function starts, and that is said aloud", () => {
    const { functions, notices } = read(template);
    expect(functions[0]?.environment["IMAGE"]).toBe("{{resolve:ssm:/ami}}");
    expect(notices).toContainEqual(expect.stringContaining("Parameter Image is read from the SSM parameter /ami"));
  });

  test.each([
    [{ Size: "9" }, /at most 5/],
    [{ Size: "x" }, /must be a number/],
    [{ Mail: "nobody" }, /must match/],
  ])("the override %j is refused", (parameterOverrides, why) => {
    const error = errorOf(() => read(template, { parameterOverrides }));
    expect(error.code).toBe("LR2004");
    expect(error.why).toMatch(why);
  });

  test("an override of no parameter is refused with the nearest name", () => {
    const error = errorOf(() => read(template, { parameterOverrides: { Sateg: "x" } }));
    expect(error.code).toBe("LR2005");
    expect(error.what).toBe('The template has no parameter "Sateg". Did you mean "Stage"?');
  });
});
