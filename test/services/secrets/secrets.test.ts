/** Secrets Manager through the official SDK. */
import { randomUUID } from "node:crypto";
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteResourcePolicyCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  ReplicateSecretToRegionsCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
  ValidateResourcePolicyCommand,
} from "@aws-sdk/client-secrets-manager";
import { createSecretsService, type SecretsService } from "../../../src/services/secrets/index.js";
import { serveService, type ServedService } from "../harness.js";

const DAY_MS = 86_400_000;

describe("Secrets Manager", () => {
  let served: ServedService<SecretsService>;
  let client: SecretsManagerClient;

  beforeAll(async () => {
    served = await serveService(createSecretsService);
    client = new SecretsManagerClient(served.client);
  });
  afterEach(() => served.service.reset());
  afterAll(async () => {
    client.destroy();
    await served.stop();
  });

  const create = (Name: string, SecretString = "first") => client.send(new CreateSecretCommand({ Name, SecretString }));
  const stagesOf = async (SecretId: string, IncludeDeprecated = false) => {
    const { Versions = [] } = await client.send(new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated }));
    return Versions.map((version) => version.VersionStages?.join("+") ?? "");
  };

  test("a secret is found by name, by ARN and by ARN without its random end", async () => {
    const { ARN = "", VersionId } = await create("team/db");
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:team\/db-[A-Za-z0-9]{6}$/);
    for (const SecretId of ["team/db", ARN, ARN.slice(0, -7)]) {
      const got = await client.send(new GetSecretValueCommand({ SecretId }));
      expect(got).toMatchObject({
        ARN,
        Name: "team/db",
        SecretString: "first",
        VersionId,
        VersionStages: ["AWSCURRENT"],
      });
      expect(got.CreatedDate?.getTime()).toBe(served.clock.now());
    }
  });

  test("an ARN of a deleted namesake does not find the new secret", async () => {
    const { ARN: oldArn } = await create("again");
    await client.send(new DeleteSecretCommand({ SecretId: "again", ForceDeleteWithoutRecovery: true }));
    await create("again");
    await expect(client.send(new GetSecretValueCommand({ SecretId: oldArn }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
      message: "Secrets Manager can't find the specified secret.",
    });
  });

  test("a new value becomes current, the former one previous, the one before loses its label", async () => {
    await create("s");
    await client.send(new PutSecretValueCommand({ SecretId: "s", SecretString: "second" }));
    expect(await stagesOf("s")).toEqual(["AWSPREVIOUS", "AWSCURRENT"]);
    const { VersionId } = await client.send(new UpdateSecretCommand({ SecretId: "s", SecretString: "third" }));
    expect(await stagesOf("s")).toEqual(["AWSPREVIOUS", "AWSCURRENT"]);
    expect(await stagesOf("s", true)).toEqual(["", "AWSPREVIOUS", "AWSCURRENT"]);
    const previous = await client.send(new GetSecretValueCommand({ SecretId: "s", VersionStage: "AWSPREVIOUS" }));
    expect(previous.SecretString).toBe("second");
    const described = await client.send(new DescribeSecretCommand({ SecretId: "s" }));
    expect(Object.keys(described.VersionIdsToStages ?? {})).toHaveLength(2);
    expect(described.VersionIdsToStages?.[VersionId ?? ""]).toEqual(["AWSCURRENT"]);
  });

  test("a label of one's own moves with the next version that carries it, sorted among others", async () => {
    await create("s");
    const put = (SecretString: string, VersionStages: string[]) =>
      client.send(new PutSecretValueCommand({ SecretId: "s", SecretString, VersionStages }));
    expect((await put("x", ["one", "two", "three"])).VersionStages).toEqual(["one", "three", "two"]);
    await put("y", ["four", "one"]);
    expect(await stagesOf("s")).toEqual(["AWSCURRENT", "three+two", "four+one"]);
    expect((await client.send(new GetSecretValueCommand({ SecretId: "s" }))).SecretString).toBe("first");
  });

  test("AWSCURRENT is moved only when the version that has it is named, and is never removed", async () => {
    const { VersionId: first } = await create("s");
    const { VersionId: second } = await client.send(
      new PutSecretValueCommand({ SecretId: "s", SecretString: "x", VersionStages: ["AWSPENDING"] }),
    );
    const move = (RemoveFromVersionId?: string, MoveToVersionId?: string, VersionStage = "AWSCURRENT") =>
      client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: "s",
          VersionStage,
          ...(RemoveFromVersionId === undefined ? {} : { RemoveFromVersionId }),
          ...(MoveToVersionId === undefined ? {} : { MoveToVersionId }),
        }),
      );
    await expect(move(undefined, second)).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: `The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version ${first}, so you must explicitly reference that version in RemoveFromVersionId.`,
    });
    await expect(move(second, first)).rejects.toMatchObject({ name: "InvalidParameterException" });
    await expect(move(first)).rejects.toMatchObject({
      message:
        "You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.",
    });
    await move(first, second);
    expect(await stagesOf("s")).toEqual(["AWSPREVIOUS", "AWSCURRENT+AWSPENDING"]);
    await move(second, undefined, "AWSPENDING");
    expect(await stagesOf("s")).toEqual(["AWSPREVIOUS", "AWSCURRENT"]);
  });

  test("the same request token with the same value is the same version, with another value it is refused", async () => {
    const ClientRequestToken = randomUUID();
    const { ARN } = await create("s");
    const put = (SecretString: string) =>
      client.send(new PutSecretValueCommand({ SecretId: "s", SecretString, ClientRequestToken }));
    await put("x");
    expect((await put("x")).VersionId).toBe(ClientRequestToken);
    await expect(put("y")).rejects.toMatchObject({
      name: "ResourceExistsException",
      message: `You can't use ClientRequestToken ${ClientRequestToken} because that value is already in use for a version of secret ${ARN}.`,
    });
    expect(await stagesOf("s", true)).toHaveLength(2);
  });

  test("creating the same secret twice with one token is answered alike, otherwise refused", async () => {
    const request = { Name: "s", SecretString: "v", ClientRequestToken: randomUUID() };
    const first = await client.send(new CreateSecretCommand(request));
    expect((await client.send(new CreateSecretCommand(request))).ARN).toBe(first.ARN);
    await expect(create("s")).rejects.toMatchObject({
      name: "ResourceExistsException",
      message: "The operation failed because the secret s already exists.",
    });
  });

  test.each(["CreateSecret", "PutSecretValue", "UpdateSecret", "RotateSecret"])(
    "%s over bare HTTP needs a request token",
    async (operation) => {
      await create("s");
      const answer = await served.post(`secretsmanager.${operation}`, {
        SecretId: "s",
        Name: "other",
        SecretString: "v",
      });
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({
        __type: "InvalidRequestException",
        Message: "You must provide a ClientRequestToken value. We recommend a UUID-type value.",
      });
    },
  );

  test("a name with other characters is refused by every operation alike", async () => {
    const SecretId = " no*good? ";
    const calls = [
      client.send(new CreateSecretCommand({ Name: SecretId, SecretString: "v" })),
      client.send(new GetSecretValueCommand({ SecretId })),
      client.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })),
      client.send(new TagResourceCommand({ SecretId, Tags: [{ Key: "k", Value: "v" }] })),
      client.send(new ValidateResourcePolicyCommand({ SecretId, ResourcePolicy: "{}" })),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({
        reason: {
          name: "ValidationException",
          message:
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        },
      });
    }
  });

  test("a missing version is named by its label or its id", async () => {
    await create("s");
    const VersionId = randomUUID();
    await expect(
      client.send(new GetSecretValueCommand({ SecretId: "s", VersionStage: "AWSPENDING" })),
    ).rejects.toMatchObject({
      message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
    });
    await expect(client.send(new GetSecretValueCommand({ SecretId: "s", VersionId }))).rejects.toMatchObject({
      message: `Secrets Manager can't find the specified secret value for VersionId: ${VersionId}`,
    });
  });

  test("a secret without a value has no current version until one is put", async () => {
    const created = await client.send(new CreateSecretCommand({ Name: "empty" }));
    expect(created.VersionId).toBeUndefined();
    await expect(client.send(new GetSecretValueCommand({ SecretId: "empty" }))).rejects.toMatchObject({
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    });
    await client.send(new PutSecretValueCommand({ SecretId: "empty", SecretString: "v", VersionStages: ["mine"] }));
    expect(await stagesOf("empty")).toEqual(["AWSCURRENT+mine"]);
  });

  test("binary values come back byte for byte", async () => {
    const SecretBinary = Uint8Array.from([0, 1, 2, 255]);
    await client.send(new CreateSecretCommand({ Name: "bin", SecretBinary }));
    expect((await client.send(new GetSecretValueCommand({ SecretId: "bin" }))).SecretBinary).toEqual(SecretBinary);
  });

  test("a value of 65,536 bytes is taken, one more is not, and neither is an empty one", async () => {
    await create("large", "x".repeat(65_536));
    await expect(create("larger", "x".repeat(65_537))).rejects.toMatchObject({ name: "ValidationException" });
    await expect(create("none", "")).rejects.toMatchObject({
      message: "You must provide either SecretString or SecretBinary.",
    });
    await expect(client.send(new DescribeSecretCommand({ SecretId: "larger" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  test("a deleted secret can be restored until its window ends, then its name is free", async () => {
    const { ARN } = await create("s");
    const deleted = await client.send(new DeleteSecretCommand({ SecretId: "s", RecoveryWindowInDays: 7 }));
    expect(deleted.DeletionDate?.getTime()).toBe(served.clock.now() + 7 * DAY_MS);
    await expect(client.send(new GetSecretValueCommand({ SecretId: "s" }))).rejects.toMatchObject({
      name: "InvalidRequestException",
      message: "You can't perform this operation on the secret because it was marked for deletion.",
    });
    await expect(create("s")).rejects.toMatchObject({
      message: "You can't create this secret because a secret with this name is already scheduled for deletion.",
    });
    expect((await client.send(new ListSecretsCommand({}))).SecretList).toEqual([]);
    expect((await client.send(new ListSecretsCommand({ IncludePlannedDeletion: true }))).SecretList).toHaveLength(1);
    await client.send(new RestoreSecretCommand({ SecretId: "s" }));
    expect((await client.send(new GetSecretValueCommand({ SecretId: "s" }))).SecretString).toBe("first");

    await client.send(new DeleteSecretCommand({ SecretId: "s", RecoveryWindowInDays: 7 }));
    await served.clock.advance(7 * DAY_MS);
    await expect(client.send(new DescribeSecretCommand({ SecretId: "s" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    expect((await create("s")).ARN).not.toBe(ARN);
  });

  test("forced deletion works on a secret marked for deletion and on one that never was", async () => {
    await create("s");
    await client.send(new DeleteSecretCommand({ SecretId: "s" }));
    await client.send(new DeleteSecretCommand({ SecretId: "s", ForceDeleteWithoutRecovery: true }));
    const answer = await client.send(new DeleteSecretCommand({ SecretId: "ghost", ForceDeleteWithoutRecovery: true }));
    expect(answer.Name).toBe("ghost");
    await expect(client.send(new DeleteSecretCommand({ SecretId: "ghost" }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
    await expect(
      client.send(
        new DeleteSecretCommand({ SecretId: "ghost", ForceDeleteWithoutRecovery: true, RecoveryWindowInDays: 7 }),
      ),
    ).rejects.toMatchObject({
      message: "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    });
    await expect(
      client.send(new DeleteSecretCommand({ SecretId: "ghost", RecoveryWindowInDays: 6 })),
    ).rejects.toMatchObject({
      message: "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
    });
  });

  test("lists are filtered, negated and paged", async () => {
    for (const name of ["app/one", "app/two", "web/three"]) await create(name);
    await client.send(new TagResourceCommand({ SecretId: "app/two", Tags: [{ Key: "owner", Value: "ann" }] }));
    const names = async (Filters: { Key: "name" | "tag-key" | "all"; Values: string[] }[]) =>
      (await client.send(new ListSecretsCommand({ Filters }))).SecretList?.map((secret) => secret.Name);
    expect(await names([{ Key: "name", Values: ["app"] }])).toEqual(["app/one", "app/two"]);
    expect(await names([{ Key: "name", Values: ["!app"] }])).toEqual(["web/three"]);
    expect(
      await names([
        { Key: "tag-key", Values: ["own"] },
        { Key: "name", Values: ["app"] },
      ]),
    ).toEqual(["app/two"]);
    expect(await names([{ Key: "all", Values: ["ANN"] }])).toEqual(["app/two"]);
    const first = await client.send(new ListSecretsCommand({ MaxResults: 2 }));
    const second = await client.send(new ListSecretsCommand({ MaxResults: 2, NextToken: first.NextToken }));
    expect([...(first.SecretList ?? []), ...(second.SecretList ?? [])].map((secret) => secret.Name)).toEqual([
      "app/one",
      "app/two",
      "web/three",
    ]);
    expect(second.NextToken).toBeUndefined();
    await expect(client.send(new ListSecretsCommand({ NextToken: "junk" }))).rejects.toMatchObject({
      name: "InvalidNextTokenException",
    });
  });

  test("a batch answers what it finds and reports what it does not", async () => {
    await create("a");
    const answer = await client.send(new BatchGetSecretValueCommand({ SecretIdList: ["a", "b"] }));
    expect(answer.SecretValues).toMatchObject([{ Name: "a", SecretString: "first" }]);
    expect(answer.Errors).toEqual([
      {
        SecretId: "b",
        ErrorCode: "ResourceNotFoundException",
        Message: "Secrets Manager can't find the specified secret.",
      },
    ]);
  });

  test("the day of the last read is kept, for the secret and for the version", async () => {
    await create("s");
    expect((await client.send(new DescribeSecretCommand({ SecretId: "s" }))).LastAccessedDate).toBeUndefined();
    await served.clock.advance(3_600_000);
    await client.send(new GetSecretValueCommand({ SecretId: "s" }));
    const { LastAccessedDate } = await client.send(new DescribeSecretCommand({ SecretId: "s" }));
    expect(LastAccessedDate?.getTime()).toBe(Math.floor(served.clock.now() / DAY_MS) * DAY_MS);
  });

  test("tags are merged, replaced and removed", async () => {
    await create("s");
    await client.send(
      new TagResourceCommand({
        SecretId: "s",
        Tags: [
          { Key: "a", Value: "1" },
          { Key: "b", Value: "2" },
        ],
      }),
    );
    await client.send(new TagResourceCommand({ SecretId: "s", Tags: [{ Key: "a", Value: "3" }] }));
    await client.send(new UntagResourceCommand({ SecretId: "s", TagKeys: ["b"] }));
    expect((await client.send(new DescribeSecretCommand({ SecretId: "s" }))).Tags).toEqual([{ Key: "a", Value: "3" }]);
  });

  test("passwords have the asked length and one character of each type", async () => {
    const { RandomPassword = "" } = await client.send(
      new GetRandomPasswordCommand({ PasswordLength: 8, ExcludePunctuation: true }),
    );
    expect(RandomPassword).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[A-Za-z0-9]{8}$/);
    const excluded = await client.send(
      new GetRandomPasswordCommand({ PasswordLength: 4096, ExcludeCharacters: "xyzXYZ^]\\-" }),
    );
    expect(excluded.RandomPassword).not.toMatch(/[xyzXYZ^\]\\-]/);
    await expect(client.send(new GetRandomPasswordCommand({ PasswordLength: 3 }))).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "Password length is too short based on the required types.",
    });
    await expect(client.send(new GetRandomPasswordCommand({ PasswordLength: 4097 }))).rejects.toMatchObject({
      message:
        "1 validation error detected: Value '4097' at 'passwordLength' failed to satisfy constraint: Member must have value less than or equal to 4096",
    });
  });

  test("GenerateSecretString of a template makes a value once, under its key, and no other after that", async () => {
    const generate = {
      SecretStringTemplate: '{"username":"admin"}',
      GenerateStringKey: "password",
      PasswordLength: "12",
      ExcludePunctuation: "true",
    };
    const declare = () => served.service.ensureSecret("generated", { generate });
    const value = async () =>
      (await client.send(new GetSecretValueCommand({ SecretId: "generated" }))).SecretString ?? "";
    await declare();
    const first = await value();
    expect(JSON.parse(first)).toEqual({ username: "admin", password: expect.stringMatching(/^[A-Za-z0-9]{12}$/) });
    await declare();
    expect(await value()).toBe(first);
  });

  test("a declared secret without a value gets one when the template has one, and keeps it under another ARN", async () => {
    await served.service.ensureSecret("later");
    await served.service.ensureSecret("later", { secretString: "now" });
    const arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:later-AbCdEf";
    await served.service.ensureSecret("later", { arn, secretString: "other" });
    expect(await client.send(new GetSecretValueCommand({ SecretId: "later" }))).toMatchObject({
      ARN: arn,
      SecretString: "now",
    });
  });

  test("a resource policy is kept, shown, validated and removed; a public one is refused", async () => {
    await create("s");
    const policy = (principal: unknown) =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: principal, Action: "secretsmanager:*", Resource: "*" }],
      });
    const ResourcePolicy = policy({ AWS: "arn:aws:iam::000000000000:root" });
    await client.send(new PutResourcePolicyCommand({ SecretId: "s", ResourcePolicy }));
    expect((await client.send(new GetResourcePolicyCommand({ SecretId: "s" }))).ResourcePolicy).toBe(ResourcePolicy);
    await client.send(new DeleteResourcePolicyCommand({ SecretId: "s" }));
    expect((await client.send(new GetResourcePolicyCommand({ SecretId: "s" }))).ResourcePolicy).toBeUndefined();
    await expect(
      client.send(new PutResourcePolicyCommand({ SecretId: "s", ResourcePolicy: policy("*") })),
    ).rejects.toMatchObject({
      name: "PublicPolicyException",
    });
    await expect(
      client.send(new PutResourcePolicyCommand({ SecretId: "s", ResourcePolicy: "{" })),
    ).rejects.toMatchObject({
      name: "MalformedPolicyDocumentException",
    });
    const validated = await client.send(
      new ValidateResourcePolicyCommand({ SecretId: "s", ResourcePolicy: policy("*") }),
    );
    expect(validated.PolicyValidationPassed).toBe(false);
  });

  test("the stack makes secrets of a template and reads references to them", async () => {
    const arn = await served.service.ensureSecret("app", { secretString: "one" });
    expect(await served.service.ensureSecret("app", { secretString: "two" })).toBe(arn);
    expect(served.service.secretString(arn)).toBe("one");
    expect(() => served.service.secretString("app", "AWSPREVIOUS")).toThrow(
      expect.objectContaining({ code: "ResourceNotFoundException" }),
    );
    expect((await client.send(new GetSecretValueCommand({ SecretId: "app" }))).SecretString).toBe("one");
  });

  test("what is not emulated is refused by name", async () => {
    await create("s");
    await expect(
      client.send(new ReplicateSecretToRegionsCommand({ SecretId: "s", AddReplicaRegions: [{ Region: "eu-west-1" }] })),
    ).rejects.toMatchObject({
      name: "UnknownOperationException",
      message: "The operation ReplicateSecretToRegions is not emulated by lambda-run.",
    });
    await expect(client.send(new RotateSecretCommand({ SecretId: "s" }))).rejects.toMatchObject({
      message: "No Lambda rotation function ARN is associated with this secret.",
    });
    await expect(
      client.send(
        new RotateSecretCommand({
          SecretId: "s",
          RotationLambdaARN: "arn:aws:lambda:us-east-1:000000000000:function:r",
        }),
      ),
    ).rejects.toMatchObject({
      name: "UnknownOperationException",
    });
  });

  test("members of the wrong type are a SerializationException", async () => {
    const answer = await served.post("secretsmanager.GetSecretValue", { SecretId: 7 });
    expect(answer).toMatchObject({
      status: 400,
      body: { __type: "SerializationException", Message: "NUMBER_VALUE can not be converted to a String" },
    });
  });
});

describe("rotation with a function", () => {
  test("the four steps turn the pending version into the current one", async () => {
    const functionArn = "arn:aws:lambda:us-east-1:000000000000:function:rotate";
    const steps: string[] = [];
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const served = await serveService((context) =>
      createSecretsService({
        ...context,
        functions: {
          exists: (arn) => arn === functionArn,
          call: async (_arn, event) => {
            const { Step, SecretId, ClientRequestToken } = event as Record<
              "Step" | "SecretId" | "ClientRequestToken",
              string
            >;

            steps.push(Step);
            if (Step === "createSecret") {
              await client.send(
                new PutSecretValueCommand({
                  SecretId,
                  ClientRequestToken,
                  SecretString: "rotated",
                  VersionStages: ["AWSPENDING"],
                }),
              );
            }
            if (Step === "finishSecret") {
              const { VersionId } = await client.send(new GetSecretValueCommand({ SecretId }));
              await client.send(
                new UpdateSecretVersionStageCommand({
                  SecretId,
                  VersionStage: "AWSCURRENT",
                  MoveToVersionId: ClientRequestToken,
                  RemoveFromVersionId: VersionId,
                }),
              );
              finish();
            }
          },
        },
      }),
    );
    const client = new SecretsManagerClient(served.client);
    try {
      await client.send(new CreateSecretCommand({ Name: "s", SecretString: "old" }));
      await expect(
        client.send(new RotateSecretCommand({ SecretId: "s", RotationLambdaARN: `${functionArn}x` })),
      ).rejects.toMatchObject({
        name: "AccessDeniedException",
      });
      const { VersionId } = await client.send(
        new RotateSecretCommand({
          SecretId: "s",
          RotationLambdaARN: functionArn,
          RotationRules: { AutomaticallyAfterDays: 1 },
        }),
      );
      await finished;
      await new Promise((resolve) => setImmediate(resolve));
      const described = await client.send(new DescribeSecretCommand({ SecretId: "s" }));
      expect(steps).toEqual(["createSecret", "setSecret", "testSecret", "finishSecret"]);
      expect(described).toMatchObject({
        RotationEnabled: true,
        RotationLambdaARN: functionArn,
        RotationRules: { AutomaticallyAfterDays: 1 },
      });
      expect(described.VersionIdsToStages?.[VersionId ?? ""]).toEqual(["AWSCURRENT"]);
      expect(described.LastRotatedDate?.getTime()).toBe(served.clock.now());
      expect((await client.send(new GetSecretValueCommand({ SecretId: "s" }))).SecretString).toBe("rotated");
    } finally {
      client.destroy();
      await served.stop();
    }
  });
});
