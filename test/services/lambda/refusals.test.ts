/** What the Lambda API refuses, in the words of each call; and what it keeps without obeying it: signing, policies of layers. */
import {
  AddLayerVersionPermissionCommand,
  AddPermissionCommand,
  CreateAliasCommand,
  CreateCodeSigningConfigCommand,
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteCodeSigningConfigCommand,
  DeleteFunctionCodeSigningConfigCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetCodeSigningConfigCommand,
  GetFunctionCodeSigningConfigCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  GetLayerVersionPolicyCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  type LambdaClient,
  ListCodeSigningConfigsCommand,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionsByCodeSigningConfigCommand,
  ListFunctionsCommand,
  ListLayersCommand,
  ListLayerVersionsCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionCodeSigningConfigCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  RemoveLayerVersionPermissionCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateCodeSigningConfigCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionEventInvokeConfigCommand,
  type CreateFunctionCommandInput,
} from "@aws-sdk/client-lambda";
import { functionInput, ONE, QUEUE, refusalOf, startLambda, type Refusal } from "./world.js";

const FN = "arn:aws:lambda:us-east-1:000000000000:function:fn";
const SIGNING = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0";
const PROFILE = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/mine";
const LAYER = { LayerName: "part", VersionNumber: 1 } as const;
const ZipFile = ONE;
const FunctionName = "fn";

let client: LambdaClient;

beforeAll(async () => {
  ({ client } = await startLambda({
    "template.yaml": "Resources: { Work: { Type: AWS::SQS::Queue, Properties: { QueueName: work } } }",
  }));
  await client.send(new CreateFunctionCommand(made()));
  await client.send(new PublishVersionCommand({ FunctionName }));
  await client.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: "1" }));
  await client.send(
    new PublishLayerVersionCommand({ LayerName: "part", Content: { ZipFile }, CompatibleRuntimes: ["nodejs20.x"] }),
  );
});

const made = (change: object = {}): CreateFunctionCommandInput => functionInput(FunctionName, change);

const refusal = (command: unknown): Promise<Refusal> => refusalOf(client, command);

const valid = (value: string, at: string, constraint: string): string =>
  `1 validation error detected: Value ${value} at '${at}' failed to satisfy constraint: ${constraint}`;
const anyOf = (...allowed: readonly string[]): string => `Member must satisfy enum value set: [${allowed.join(", ")}]`;

const CASES: readonly (readonly [what: string, command: unknown, name: string, message: string | RegExp])[] = [
  [
    "two architectures",
    new CreateFunctionCommand(made({ FunctionName: "a", Architectures: ["x86_64", "arm64"] })),
    "ValidationException",
    valid("'[x86_64, arm64]'", "architectures", "Member must have length less than or equal to 1"),
  ],
  [
    "an architecture that is none",
    new UpdateFunctionCodeCommand({ FunctionName, ZipFile, Architectures: ["vax" as never] }),
    "ValidationException",
    valid(
      "'[vax]'",
      "architectures",
      `Member must satisfy constraint: [${anyOf("x86_64", "arm64")}, Member must not be null]`,
    ),
  ],
  [
    "a subnet that is none",
    new CreateFunctionCommand(made({ FunctionName: "a", VpcConfig: { SubnetIds: ["net"], SecurityGroupIds: [] } })),
    "ValidationException",
    /'vpcConfig\.subnetIds' failed .* Member must satisfy regular expression pattern: subnet-\[0-9a-z\]\*\]$/,
  ],
  [
    "a dead-letter queue without an ARN",
    new CreateFunctionCommand(made({ FunctionName: "a", DeadLetterConfig: { TargetArn: "work" } })),
    "ValidationException",
    /^1 validation error detected: Value 'work' at 'deadLetterConfig\.targetArn'/,
  ],
  [
    "a function with tenants",
    new CreateFunctionCommand(made({ FunctionName: "a", TenancyConfig: { TenantIsolationMode: "PER_TENANT" } })),
    "InvalidParameterValueException",
    "TenancyConfig is not emulated by lambda-run.",
  ],
  [
    "a call for a tenant",
    new InvokeCommand({ FunctionName, TenantId: "blue" }),
    "InvalidParameterValueException",
    "The header x-amz-tenant-id is not emulated by lambda-run.",
  ],
  [
    "code in a bucket that is not there",
    new CreateFunctionCommand(made({ FunctionName: "a", Code: { S3Bucket: "none-at-all", S3Key: "k" } })),
    "InvalidParameterValueException",
    "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist.",
  ],
  [
    "a name with a dot in it",
    new PutFunctionConcurrencyCommand({ FunctionName: "a.b", ReservedConcurrentExecutions: 1 }),
    "ValidationException",
    /\(\[a-zA-Z0-9-_\]\+\)\(:\(\\\$LATEST\|\[a-zA-Z0-9-_\]\+\)\)\?$/,
  ],
  [
    "a list of functions that is none",
    new ListFunctionsCommand({ FunctionVersion: "SOME" as never }),
    "ValidationException",
    valid("'SOME'", "functionVersion", anyOf("ALL")),
  ],
  [
    "a page of nothing",
    new ListFunctionsCommand({ MaxItems: 0 }),
    "ValidationException",
    valid("'0'", "maxItems", "Member must have value greater than or equal to 1"),
  ],
  [
    "an alias of an alias",
    new CreateAliasCommand({ FunctionName, Name: "other", FunctionVersion: "live" }),
    "ValidationException",
    /^1 validation error detected: Value 'live' at 'functionVersion'/,
  ],
  [
    "a weight over one",
    new CreateAliasCommand({
      FunctionName,
      Name: "other",
      FunctionVersion: "1",
      RoutingConfig: { AdditionalVersionWeights: { "2": 2 } },
    }),
    "ValidationException",
    /^1 validation error detected: Value '\{2=2\.0\}' at 'routingConfig\.additionalVersionWeights' .* Map value must/,
  ],
  [
    "weights of no version",
    new CreateAliasCommand({
      FunctionName,
      Name: "other",
      FunctionVersion: "1",
      RoutingConfig: { AdditionalVersionWeights: { $LATEST: 0.5 } },
    }),
    "ValidationException",
    /Value '\{\$LATEST=0\.5\}' at .* Map keys must satisfy constraint/,
  ],
  [
    "a permission for no action",
    new AddPermissionCommand({ FunctionName, StatementId: "s", Action: "Invoke", Principal: "s3.amazonaws.com" }),
    "ValidationException",
    valid("'Invoke'", "action", "Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])"),
  ],
  [
    "a permission of an alias that is not there",
    new RemovePermissionCommand({ FunctionName, StatementId: "s", Qualifier: "none" }),
    "ResourceNotFoundException",
    `Cannot find alias arn: ${FN}:none`,
  ],
  [
    "event settings of a function that is not there",
    new PutFunctionEventInvokeConfigCommand({ FunctionName: "none", MaximumRetryAttempts: 1 }),
    "ResourceNotFoundException",
    "The function doesn't exist.",
  ],
  [
    "event settings of an alias that is not there",
    new UpdateFunctionEventInvokeConfigCommand({ FunctionName, Qualifier: "none", MaximumRetryAttempts: 1 }),
    "ResourceNotFoundException",
    "The function doesn't exist.",
  ],
  [
    "a list of event settings of nothing",
    new ListFunctionEventInvokeConfigsCommand({ FunctionName: "none" }),
    "ResourceNotFoundException",
    "The function doesn't exist.",
  ],
  [
    "a destination that is no ARN",
    new PutFunctionEventInvokeConfigCommand({
      FunctionName,
      DestinationConfig: { OnFailure: { Destination: "work" } },
    }),
    "ValidationException",
    /^1 validation error detected: Value 'work' at 'destinationConfig\.onFailure\.destination'/,
  ],
  [
    "a destination that takes no records",
    new PutFunctionEventInvokeConfigCommand({
      FunctionName,
      DestinationConfig: { OnSuccess: { Destination: "arn:aws:s3:::bucket" }, OnFailure: { Destination: QUEUE } },
    }),
    "InvalidParameterValueException",
    `The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:s3:::bucket), onFailure=OnFailure(destination=${QUEUE})) is invalid.`,
  ],
  [
    "a function as destination that is not there",
    new PutFunctionEventInvokeConfigCommand({
      FunctionName,
      DestinationConfig: { OnSuccess: { Destination: `${FN}-none` } },
    }),
    "InvalidParameterValueException",
    `The destination ARN ${FN}-none is invalid.`,
  ],
  [
    "the function as its own destination",
    new PutFunctionEventInvokeConfigCommand({ FunctionName, DestinationConfig: { OnSuccess: { Destination: FN } } }),
    "InvalidParameterValueException",
    "You can't specify the function as a destination for itself.",
  ],
  [
    "provisioned concurrency of $LATEST",
    new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "$LATEST" }),
    "InvalidParameterValueException",
    "The function resource provided must be an alias or a published version.",
  ],
  [
    "provisioned concurrency of no alias",
    new DeleteProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "none" }),
    "ResourceNotFoundException",
    `Cannot find alias arn: ${FN}:none`,
  ],
  [
    "more provisioned concurrency than the account leaves",
    new PutProvisionedConcurrencyConfigCommand({
      FunctionName,
      Qualifier: "1",
      ProvisionedConcurrentExecutions: 901,
    }),
    "InvalidParameterValueException",
    "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
  ],
  [
    "a layer for no runtime",
    new PublishLayerVersionCommand({
      LayerName: "other",
      Content: { ZipFile },
      CompatibleRuntimes: ["cobol" as never],
    }),
    "ValidationException",
    /^1 validation error detected: Value '\[cobol\]' at 'compatibleRuntimes' .*, Member must not be null\]$/,
  ],
  [
    "layers of no runtime",
    new ListLayersCommand({ CompatibleRuntime: "cobol" as never }),
    "ValidationException",
    /Value 'cobol' at 'compatibleRuntime' failed to satisfy constraint: Member must satisfy enum value set/,
  ],
  [
    "version 0 of a layer",
    new GetLayerVersionCommand({ LayerName: "part", VersionNumber: 0 }),
    "InvalidParameterValueException",
    "Layer Version Cannot be less than 1",
  ],
  [
    "a layer by the ARN of no version",
    new GetLayerVersionByArnCommand({ Arn: "arn:aws:lambda:us-east-1:000000000000:layer:part" }),
    "ValidationException",
    /Value 'arn:aws:lambda:us-east-1:000000000000:layer:part' at 'arn' failed to satisfy constraint/,
  ],
  [
    "a mapping without a source",
    new CreateEventSourceMappingCommand({ FunctionName }),
    "InvalidParameterValueException",
    "Unrecognized event source.",
  ],
  [
    "a mapping to a function that is not there",
    new CreateEventSourceMappingCommand({ FunctionName: "none", EventSourceArn: QUEUE }),
    "InvalidParameterValueException",
    "Function does not exist",
  ],
  [
    "a destination of a queue's mapping",
    new CreateEventSourceMappingCommand({
      FunctionName,
      EventSourceArn: QUEUE,
      DestinationConfig: { OnSuccess: { Destination: QUEUE } },
    }),
    "InvalidParameterValueException",
    "Unsupported DestinationConfig parameter for given event source mapping type.",
  ],
  [
    "an answer of a batch that is none",
    new CreateEventSourceMappingCommand({
      FunctionName,
      EventSourceArn: QUEUE,
      FunctionResponseTypes: ["Some" as never],
    }),
    "ValidationException",
    /Value '\[Some\]' at 'functionResponseTypes'/,
  ],
  [
    "a URL whose preflight answers last too long",
    new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE", Cors: { MaxAge: 86_401 } }),
    "ValidationException",
    valid("'86401'", "cors.maxAge", "Member must have value less than or equal to 86400"),
  ],
  [
    "a URL that allows OPTIONS",
    new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE", Cors: { AllowMethods: ["OPTIONS"] } }),
    "ValidationException",
    /^1 validation error detected: Value '\[OPTIONS\]' at 'cors\.allowMethods' .* less than or equal to 6/,
  ],
  [
    "no tags at all",
    new TagResourceCommand({ Resource: FN, Tags: {} }),
    "InvalidParameterValueException",
    "An error occurred and the request cannot be processed.",
  ],
  [
    "no keys of tags",
    new UntagResourceCommand({ Resource: FN, TagKeys: [] }),
    "ValidationException",
    valid("null", "tagKeys", "Member must not be null"),
  ],
  [
    "tags of a capacity provider",
    new ListTagsCommand({ Resource: "arn:aws:lambda:us-east-1:000000000000:capacity-provider:big" }),
    "ResourceNotFoundException",
    "Capacity provider not found: arn:aws:lambda:us-east-1:000000000000:capacity-provider:big",
  ],
  [
    "signing by what is not there",
    new GetCodeSigningConfigCommand({ CodeSigningConfigArn: SIGNING }),
    "ResourceNotFoundException",
    `The Lambda code signing configuration ${SIGNING} can not be found.`,
  ],
  [
    "signing of a function by what is not there",
    new PutFunctionCodeSigningConfigCommand({ FunctionName: "none", CodeSigningConfigArn: SIGNING }),
    "CodeSigningConfigNotFoundException",
    `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${SIGNING}.`,
  ],
];

test.each(CASES)("%s is refused in the words of AWS", async (_, command, name, message) => {
  expect(await refusal(command)).toMatchObject({
    name,
    message: typeof message === "string" ? message : expect.stringMatching(message),
  });
});

test("lists of versions tell no states, as lists of functions", async () => {
  const { Versions = [] } = await client.send(new ListVersionsByFunctionCommand({ FunctionName }));
  expect(Versions.map(({ Version }) => Version)).toEqual(["$LATEST", "1"]);
  for (const version of Versions) expect(version).not.toHaveProperty("State");
});

test("limits of the account are refused without a type, everything else of the caller's with one", async () => {
  const limit = await refusal(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 950 }));
  expect([limit.name, limit.Type]).toEqual(["InvalidParameterValueException", undefined]);
  expect((await refusal(new CreateEventSourceMappingCommand({ FunctionName }))).Type).toBe("User");
});

test("a version and the alias that points to it cannot both have provisioned concurrency", async () => {
  const put = (Qualifier: string): PutProvisionedConcurrencyConfigCommand =>
    new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier, ProvisionedConcurrentExecutions: 1 });
  await client.send(put("1"));
  expect(await refusal(put("live"))).toMatchObject({
    name: "ResourceConflictException",
    message: "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
  });
  await client.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "1" }));
  await client.send(put("live"));
  expect((await refusal(put("1"))).message).toBe("Version is pointed by a Provisioned Concurrency alias");
  await client.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "live" }));
});

test("a code signing configuration is kept, named by functions, and in use until they let it go", async () => {
  const { CodeSigningConfig } = await client.send(
    new CreateCodeSigningConfigCommand({
      AllowedPublishers: { SigningProfileVersionArns: [PROFILE] },
      Tags: { team: "a" },
    }),
  );
  const CodeSigningConfigArn = CodeSigningConfig?.CodeSigningConfigArn ?? "";
  expect(CodeSigningConfig).toMatchObject({ CodeSigningPolicies: { UntrustedArtifactOnDeployment: "Warn" } });
  await client.send(
    new UpdateCodeSigningConfigCommand({
      CodeSigningConfigArn,
      CodeSigningPolicies: { UntrustedArtifactOnDeployment: "Enforce" },
    }),
  );
  const { CodeSigningConfigs } = await client.send(new ListCodeSigningConfigsCommand({}));
  expect(CodeSigningConfigs).toMatchObject([{ CodeSigningPolicies: { UntrustedArtifactOnDeployment: "Enforce" } }]);
  expect((await client.send(new ListTagsCommand({ Resource: CodeSigningConfigArn }))).Tags).toEqual({ team: "a" });
  await client.send(new PutFunctionCodeSigningConfigCommand({ FunctionName, CodeSigningConfigArn }));
  expect(await client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName }))).toMatchObject({
    CodeSigningConfigArn,
  });
  const users = await client.send(new ListFunctionsByCodeSigningConfigCommand({ CodeSigningConfigArn }));
  expect(users.FunctionArns).toEqual([FN]);
  expect((await refusal(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn }))).name).toBe(
    "ResourceConflictException",
  );
  await client.send(new DeleteFunctionCodeSigningConfigCommand({ FunctionName }));
  await client.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn }));
  expect((await client.send(new ListCodeSigningConfigsCommand({}))).CodeSigningConfigs).toEqual([]);
});

test("permissions of a layer version make a policy", async () => {
  const missing = { name: "ResourceNotFoundException", message: "No policy is associated with the given resource." };
  expect(await refusal(new GetLayerVersionPolicyCommand(LAYER))).toMatchObject(missing);
  const add = (StatementId: string, RevisionId?: string): AddLayerVersionPermissionCommand =>
    new AddLayerVersionPermissionCommand({
      ...LAYER,
      StatementId,
      Action: "lambda:GetLayerVersion",
      Principal: "123456789012",
      ...(RevisionId === undefined ? {} : { RevisionId }),
    });
  await client.send(add("one"));
  expect((await refusal(add("one"))).name).toBe("ResourceConflictException");
  expect((await refusal(add("two", "old"))).message).toMatch(/Call the GetLayerPolicy API/);
  const { Policy = "" } = await client.send(new GetLayerVersionPolicyCommand(LAYER));
  expect(JSON.parse(Policy)).toMatchObject({
    Statement: [{ Sid: "one", Principal: { AWS: "arn:aws:iam::123456789012:root" }, Effect: "Allow" }],
  });
  await client.send(new RemoveLayerVersionPermissionCommand({ ...LAYER, StatementId: "one" }));
  expect(await refusal(new GetLayerVersionPolicyCommand(LAYER))).toMatchObject(missing);
});

test("versions of a layer are listed by what they are made for", async () => {
  const versions = async (runtime: "nodejs20.x" | "python3.13"): Promise<number | undefined> =>
    (await client.send(new ListLayerVersionsCommand({ LayerName: "part", CompatibleRuntime: runtime }))).LayerVersions
      ?.length;
  expect([await versions("nodejs20.x"), await versions("python3.13")]).toEqual([1, 0]);
});

test("an event source mapping keeps its tags until it goes", async () => {
  const mapping = await client.send(
    new CreateEventSourceMappingCommand({
      FunctionName,
      EventSourceArn: QUEUE,
      Enabled: false,
      Tags: { team: "b", old: "1" },
    }),
  );
  const Resource = mapping.EventSourceMappingArn ?? "";
  await client.send(new UntagResourceCommand({ Resource, TagKeys: ["old"] }));
  await client.send(new TagResourceCommand({ Resource, Tags: { more: "2" } }));
  expect((await client.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ team: "b", more: "2" });
});
