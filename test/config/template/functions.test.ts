import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { readTemplate } from "../../../src/config/template/read-template.js";
import { folderWith, read, withFunction } from "../support.js";

const fnOf = (properties: string, files: Record<string, string> = {}, resources = "", head = "") => {
  const fn = read(withFunction(properties, resources, head), {}, files).functions.find(
    ({ logicalId }) => logicalId === "Fn",
  );
  if (!fn) throw new Error("no function");
  return fn;
};

test("a function without settings has AWS's defaults", () => {
  expect(fnOf("")).toMatchObject({
    memoryMb: 128,
    timeoutSeconds: 3,
    ephemeralStorageMb: 512,
    architecture: "x86_64",
    environment: {},
    layers: [],
    reservedConcurrency: undefined,
    version: "$LATEST",
    logging: { format: "Text", applicationLogLevel: "INFO", systemLogLevel: "INFO" },
  });
});

test("kinds of functions that are not emulated are said by name", () => {
  expect(read(withFunction("TenancyConfig: { TenantIsolationMode: PER_TENANT }")).notices).toEqual([
    "Fn: TenancyConfig is not emulated; the function runs as any other.",
  ]);
});

test.each([
  ["{ ExecutionTimeout: 60 }", { executionTimeoutSeconds: 60, retentionDays: 14 }],
  [
    "{ ExecutionTimeout: '31622400', RetentionPeriodInDays: 90 }",
    { executionTimeoutSeconds: 31_622_400, retentionDays: 90 },
  ],
])("DurableConfig: %s makes a durable function", (written, durable) => {
  expect(fnOf(`DurableConfig: ${written}`).durable).toEqual(durable);
});

test.each([
  ["{ RetentionPeriodInDays: 7 }", /ExecutionTimeout/],
  ["{ ExecutionTimeout: 0 }", /DurableConfig\.ExecutionTimeout/],
  ["{ ExecutionTimeout: 60, RetentionPeriodInDays: 91 }", /DurableConfig\.RetentionPeriodInDays/],
  ["{ ExecutionTimeout: 60, AllowInvokeLatest: true }", /AllowInvokeLatest/],
])("DurableConfig: %s is refused", (written, fault) => {
  expect(() => fnOf(`DurableConfig: ${written}`)).toThrow(fault);
});

test.each([
  ["ALLOW", true],
  ["Allow", true],
  ["Terminate", undefined],
])("RecursiveLoop: %s", (written, allows) => {
  expect(fnOf(`RecursiveLoop: ${written}`).allowsRecursion).toBe(allows);
});

test("every property of a function arrives, numbers written as texts too", () => {
  const properties = `
FunctionName: manifest
Description: Lists.
MemorySize: "1769"
Timeout: 900
EphemeralStorage: { Size: 10240 }
Architectures: [arm64]
ReservedConcurrentExecutions: 0
Tracing: Active
Role: arn:aws:iam::123456789012:role/x
AutoPublishAlias: live
LoggingConfig: { LogFormat: JSON, ApplicationLogLevel: DEBUG, LogGroup: /own }
DeadLetterQueue: { Type: SQS, TargetArn: "arn:aws:sqs:r:1:dead" }
EventInvokeConfig: { MaximumRetryAttempts: 0, DestinationConfig: { OnFailure: { Type: SQS, Destination: "arn:aws:sqs:r:1:failed" } } }
Tags: { team: a }
Policies: [AWSLambdaBasicExecutionRole]
VpcConfig: { SubnetIds: [a], SecurityGroupIds: [b] }`;
  expect(fnOf(properties)).toMatchObject({
    name: "manifest",
    arn: "arn:aws:lambda:eu-central-1:123456789012:function:manifest",
    description: "Lists.",
    memoryMb: 1769,
    timeoutSeconds: 900,
    ephemeralStorageMb: 10_240,
    architecture: "arm64",
    reservedConcurrency: 0,
    tracing: "Active",
    role: "arn:aws:iam::123456789012:role/x",
    published: { versions: ["1"], aliases: [{ name: "live", version: "1", description: "", weights: {} }] },
    tags: { team: "a" },
    logging: { format: "JSON", applicationLogLevel: "DEBUG", systemLogLevel: "INFO", logGroup: "/own" },
    eventInvoke: {
      live: { maximumRetryAttempts: 0, maximumEventAgeSeconds: 21_600, onFailureArn: "arn:aws:sqs:r:1:failed" },
    },
    deadLetterTargetArn: "arn:aws:sqs:r:1:dead",
  });
});

test("Globals merge as SAM merges: maps merge, lists are appended, the rest is taken from the function", () => {
  const head = `
Globals:
  Function:
    Timeout: 10
    MemorySize: 256
    Environment: { Variables: { SHARED: a, OWN: global } }
    Layers: [!Ref One]`;
  const resources =
    "One: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: one } }\nTwo: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: two.zip } }";
  const fn = fnOf(
    "Timeout: 20\nEnvironment: { Variables: { OWN: local } }\nLayers: [!Ref Two]",
    { "one/x": "", "two.zip": "" },
    resources,
    head,
  );
  expect(fn).toMatchObject({ timeoutSeconds: 20, memoryMb: 256, environment: { SHARED: "a", OWN: "local" } });
  expect(fn.layers.map((path) => path.split("/").pop())).toEqual(["one", "two.zip"]);
});

test("a layer of another account is announced and left out", () => {
  const { functions, notices } = read(
    withFunction("Layers: ['arn:aws:lambda:us-east-1:017000801446:layer:AWSLambdaPowertools:1']"),
  );
  expect(functions[0]?.layers).toEqual([]);
  expect(notices).toEqual([expect.stringContaining("layer:AWSLambdaPowertools:1 is not part of this template")]);
});

test("a layer that SAM builds is laid where SAM puts it; what its build has to do besides is announced", () => {
  const layer = (id: string, method: string): string =>
    `${id}: { Type: AWS::Serverless::LayerVersion, Metadata: { BuildMethod: ${method} }, Properties: { ContentUri: ${id} } }`;
  const layers = [
    layer("Sources", "nodejs22.x"),
    layer("Ready", "nodejs22.x"),
    layer("Python", "python3.13"),
    layer("Made", "makefile"),
  ];
  const { functions, notices } = read(
    withFunction("Layers: [!Ref Sources, !Ref Ready, !Ref Python, !Ref Made]", layers.join("\n")),
    {},
    {
      "Sources/package.json": '{ "dependencies": { "left": "1" } }',
      "Ready/nodejs/package.json": "{}",
      "Python/util.py": "",
      "Made/Makefile": "",
    },
  );
  const built = Object.entries(functions[0]?.builtLayers ?? {}).map(([path, into]) => [path.split("/").pop(), into]);
  expect(built).toEqual([
    ["Sources", "nodejs"],
    ["Python", "python"],
  ]);
  expect(notices).toEqual([
    expect.stringMatching(/^The layer Sources lacks its packages: run `npm install` in /),
    expect.stringMatching(/^The layer Made is laid over \/opt as it is: its Makefile is not run here\./),
  ]);
});

describe("code", () => {
  const code = (template: string, files: Record<string, string> = {}) => {
    const folder = folderWith({ "template.yaml": template, ...files });
    const { application } = readTemplate({
      file: join(folder, "template.yaml"),
      realm: { region: "us-east-1", accountId: "000000000000" },
      stackName: "s",
      generatedFolder: join(folder, ".gen"),
    });
    return { folder, code: application.functions[0]?.code, notices: application.notices };
  };
  const fn = (properties: string, metadata = ""): string =>
    `Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n${metadata === "" ? "" : `    Metadata: ${metadata}\n`}    Properties: { Runtime: nodejs22.x, ${properties} }\n`;

  test.each([".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx"])(
    "Node source in %s is bundled",
    (extension) => {
      const result = code(fn("CodeUri: src/, Handler: api/app.handler"), { [`src/api/app${extension}`]: "" });
      expect(result.code).toEqual({
        kind: "bundle",
        root: join(result.folder, "src"),
        handlerFile: "api/app",
        build: { external: [] },
        besides: "",
      });
      expect(result.notices).toEqual([]);
    },
  );

  test.each([
    ["all of CodeUri", "CodeUri: src/, Handler: api/app.handler", "", ""],
    ["the folder of the handler where CodeUri is the project", "CodeUri: ., Handler: src/api/app.handler", "", "src"],
    [
      "the folder of the handler where CodeUri is above the template",
      "CodeUri: .., Handler: src/api/app.handler",
      "",
      "src",
    ],
    ["nothing where the handler lies in the project's own folder", "CodeUri: ., Handler: app.handler", "", undefined],
    ["nothing with esbuild", "CodeUri: src/, Handler: api/app.handler", "{ BuildMethod: esbuild }", undefined],
  ])("beside the bundle lies %s", (_what, properties, metadata, besides) => {
    expect((code(fn(properties, metadata)).code as { besides?: string }).besides).toBe(besides);
  });

  test("BuildProperties reach the bundler", () => {
    const metadata =
      "{ BuildMethod: esbuild, BuildProperties: { EntryPoints: [src/app.ts], External: [sharp], Minify: true, Target: es2022, Format: esm, Sourcemap: true, KeepNames: true, MainFields: 'module,main', Loader: ['.svg=text'], Banner: ['js=/* x=y */'], Define: { A: '1' } } }";
    const result = code(fn("CodeUri: ., Handler: app.handler", metadata), { "src/app.ts": "" });
    expect(result.code).toEqual({
      kind: "bundle",
      // esbuild writes the entry point as app.js, which is what Handler names.
      root: join(result.folder, "src"),
      handlerFile: "app",
      build: {
        external: ["sharp"],
        minify: true,
        target: "es2022",
        format: "esm",
        sourcemap: true,
        keepNames: true,
        mainFields: ["module", "main"],
        loader: { ".svg": "text" },
        banner: { js: "/* x=y */" },
        define: { A: "1" },
      },
      samBundles: true,
    });
  });

  test.each([
    ["SkipBuild", fn("CodeUri: dist, Handler: app.handler", "{ SkipBuild: true }")],
    ["Python", fn("CodeUri: dist, Handler: app.handler").replace("nodejs22.x", "python3.13")],
    ["a custom runtime", fn("CodeUri: dist, Handler: x").replace("nodejs22.x", "provided.al2023")],
    ["a handler inside a layer", fn("CodeUri: dist, Handler: /opt/wrapper.handler")],
  ])("%s is mounted as a folder", (_what, template) => {
    const result = code(template, { "dist/app.js": "" });
    expect(result.code).toEqual({ kind: "folder", root: join(result.folder, "dist") });
  });

  test("inline code is kept in the application, with the folder that it will be written to", () => {
    const result = code(fn('InlineCode: "exports.handler = async () => 1;", Handler: index.handler'));
    expect(result.code).toEqual({
      kind: "folder",
      root: expect.stringContaining(join(result.folder, ".gen", "Fn-")),
      origin: { kind: "inline", fileName: "index.js", text: "exports.handler = async () => 1;" },
    });
    const plain = code(
      "Resources:\n  Fn: { Type: AWS::Lambda::Function, Properties: { Runtime: python3.13, Handler: index.handler, Code: { ZipFile: 'x = 1' } } }\n",
    );
    expect(plain.code).toMatchObject({
      kind: "folder",
      origin: { kind: "inline", fileName: "index.py", text: "x = 1" },
    });
  });

  test("a ZIP and code in S3 are named as what they are", () => {
    const zip = code(fn("CodeUri: app.zip, Handler: app.handler"), { "app.zip": "" });
    expect(zip.code).toMatchObject({ kind: "folder", origin: { kind: "zip", file: join(zip.folder, "app.zip") } });
    const remote = code(fn("CodeUri: { Bucket: b, Key: k.zip }, Handler: app.handler"));
    expect(remote.code).toMatchObject({ kind: "folder", origin: { kind: "remote", uri: "s3://b/k.zip" } });
    expect(remote.notices).toEqual(["Fn cannot be invoked: its code is not at s3://b/k.zip."]);
  });

  test("an image keeps its build and its command", () => {
    const template =
      "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Metadata: { Dockerfile: Dockerfile.dev, DockerContext: ./image, DockerTag: v1 }\n    Properties: { PackageType: Image, ImageConfig: { Command: [app.handler] } }\n";
    const result = code(template);
    expect(result.code).toEqual({
      kind: "image",
      uri: "fn:v1",
      build: { context: join(result.folder, "image"), dockerfile: "Dockerfile.dev", tag: "fn:v1" },
      command: ["app.handler"],
    });
    expect(result.notices).toEqual([
      `Fn cannot be invoked: its Dockerfile is not at ${join(result.folder, "image", "Dockerfile.dev")}.`,
    ]);
  });

  test.each([
    ["SAM", "DockerContext: app, Dockerfile: docker/Dockerfile, DockerBuildTarget: prod, DockerBuildArgs: { V: 1 }"],
    [
      "a CDK asset",
      "'aws:asset:path': app, 'aws:asset:dockerfile-path': docker/Dockerfile, 'aws:asset:docker-build-target': prod, 'aws:asset:docker-build-args': { V: '1' }",
    ],
  ])("an image is built with the target and arguments of %s, whatever its ImageUri", (_name, metadata) => {
    const template = `Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Metadata: { ${metadata} }\n    Properties: { Role: r, PackageType: Image, Code: { ImageUri: repo/fn }, ImageConfig: { EntryPoint: [/app], WorkingDirectory: /w } }\n`;
    const result = code(template, { "app/docker/Dockerfile": "" });
    expect(result.code).toEqual({
      kind: "image",
      uri: "repo/fn",
      build: {
        context: join(result.folder, "app"),
        dockerfile: "docker/Dockerfile",
        tag: "fn:latest",
        target: "prod",
        args: { V: "1" },
      },
      entryPoint: ["/app"],
      workingDirectory: "/w",
    });
    expect(result.notices).toEqual([]);
  });

  test("code that is not there is announced and refuses nothing", () => {
    const result = code(fn("CodeUri: nowhere, Handler: app.handler"));
    expect(result.code).toMatchObject({ kind: "bundle", handlerFile: "app" });
    expect(result.notices).toEqual([`Fn cannot be invoked: its code is not at ${join(result.folder, "nowhere")}.`]);
    mkdirSync(join(result.folder, "nowhere"));
  });
});

test("destinations without an address are the queues and topics that SAM makes, and templates refer to them", () => {
  const application = read(
    withFunction(
      `FunctionName: fn
EventInvokeConfig:
  DestinationConfig: { OnSuccess: { Type: SNS }, OnFailure: { Type: SQS } }
Environment:
  Variables:
    QUEUE: !Ref Fn.DestinationQueue
    QUEUE_ARN: !GetAtt Fn.DestinationQueue.Arn
    TOPIC: !Sub "\${Fn.DestinationTopic}"`,
    ),
  );
  const [queue] = application.queues;
  const [topic] = application.topics;
  expect([queue?.logicalId, topic?.logicalId]).toEqual([
    "FnEventInvokeConfigOnFailureQueue",
    "FnEventInvokeConfigOnSuccessTopic",
  ]);
  const [fn] = application.functions;
  expect(fn?.eventInvoke?.["$LATEST"]).toMatchObject({ onSuccessArn: topic?.arn, onFailureArn: queue?.arn });
  expect(fn?.environment).toEqual({
    QUEUE: expect.stringMatching(`/${queue?.name ?? ""}$`),
    QUEUE_ARN: queue?.arn,
    TOPIC: topic?.arn,
  });
});

test("an EventInvokeConfig resource settles what its function does with failures", () => {
  const { functions } = read(
    withFunction(
      "FunctionName: fn",
      "Cfg: { Type: AWS::Lambda::EventInvokeConfig, Properties: { FunctionName: !Ref Fn, Qualifier: $LATEST, MaximumRetryAttempts: 1 } }",
    ),
  );
  expect(functions[0]?.eventInvoke).toMatchObject({
    $LATEST: { maximumRetryAttempts: 1, maximumEventAgeSeconds: 21_600 },
  });
});
