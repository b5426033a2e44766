/** What belongs to a function of the Lambda API: concurrency, URL, policy, tags, and what asynchronous calls do. */
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteFunctionUrlConfigCommand,
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionEventInvokeConfigCommand,
  GetFunctionUrlConfigCommand,
  GetPolicyCommand,
  GetProvisionedConcurrencyConfigCommand,
  type LambdaClient,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionUrlConfigsCommand,
  ListTagsCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  PutProvisionedConcurrencyConfigCommand,
  RemovePermissionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionEventInvokeConfigCommand,
  UpdateFunctionUrlConfigCommand,
  type CreateFunctionCommandInput,
} from "@aws-sdk/client-lambda";
import type { TestStack } from "../../../src/index.js";
import { arnOf, callFunction, DECLARED, ECHO, makeFunction, startLambda } from "./world.js";
import { PATIENT } from "../../until.js";

let stack: TestStack;
let client: LambdaClient;

beforeAll(async () => {
  ({ stack, client } = await startLambda(DECLARED));
});

const create = (code?: string, change?: Partial<CreateFunctionCommandInput>): Promise<string> =>
  makeFunction(client, code, change);
const call = (name: string, event?: unknown, qualifier?: string): Promise<Record<string, unknown>> =>
  callFunction(client, name, event, qualifier);

describe("settings of a function", () => {
  test("reserved concurrency throttles with its reason", async () => {
    const FunctionName = await create();
    expect(
      await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 })),
    ).toMatchObject({ ReservedConcurrentExecutions: 0 });
    await expect(call(FunctionName)).rejects.toMatchObject({
      name: "TooManyRequestsException",
      $metadata: { httpStatusCode: 429 },
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      message: "Rate Exceeded.",
      // The header Retry-After.
      retryAfterSeconds: "1",
    });
    expect(await client.send(new GetFunctionConcurrencyCommand({ FunctionName }))).toMatchObject({
      ReservedConcurrentExecutions: 0,
    });
    await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    expect(await call(FunctionName)).toMatchObject({ version: "$LATEST" });
    await expect(
      client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 950 })),
    ).rejects.toMatchObject({
      message:
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    });
    expect((await client.send(new GetAccountSettingsCommand({}))).AccountLimit).toMatchObject({
      ConcurrentExecutions: 1000,
      UnreservedConcurrentExecutions: 1000,
    });
  });

  test("reserved concurrency is shared by all versions and aliases", async () => {
    const slow = "exports.handler = async ({ ms }) => { await new Promise((done) => setTimeout(done, ms)); };";
    const FunctionName = await create(slow, { Publish: true });
    await client.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: "1" }));
    await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 1 }));
    const busy = call(FunctionName, { ms: 700 }, "live");
    await stack.waitFor(() => stack.stack.activity.running > 0, PATIENT);
    for (const qualifier of [undefined, "1", "live"])
      await expect(call(FunctionName, { ms: 0 }, qualifier)).rejects.toMatchObject({
        name: "TooManyRequestsException",
      });
    await busy;
  });

  test("provisioned concurrency is kept for versions and aliases", async () => {
    const FunctionName = await create(ECHO, { Publish: true });
    await expect(
      client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "1" })),
    ).rejects.toMatchObject({ name: "ProvisionedConcurrencyConfigNotFoundException" });
    await client.send(
      new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "1", ProvisionedConcurrentExecutions: 2 }),
    );
    expect(
      await client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier: "1" })),
    ).toMatchObject({ Status: "READY", AllocatedProvisionedConcurrentExecutions: 2 });
  });

  test("event invoke configs are put, changed and listed", async () => {
    const FunctionName = await create();
    await expect(client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }))).rejects.toMatchObject({
      message: `The function ${arnOf(FunctionName, "$LATEST")} doesn't have an EventInvokeConfig`,
    });
    const Destination = "arn:aws:sqs:us-east-1:000000000000:work";
    await client.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName,
        MaximumRetryAttempts: 1,
        DestinationConfig: { OnFailure: { Destination } },
      }),
    );
    await client.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName, MaximumEventAgeInSeconds: 60 }));
    const config = {
      FunctionArn: arnOf(FunctionName, "$LATEST"),
      MaximumRetryAttempts: 1,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: { OnFailure: { Destination }, OnSuccess: {} },
    };
    expect(await client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }))).toMatchObject(config);
    expect(
      (await client.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName }))).FunctionEventInvokeConfigs,
    ).toMatchObject([config]);
    await expect(
      client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 3 })),
    ).rejects.toMatchObject({ name: "ValidationException" });
  });

  test("a function URL answers as soon as it is made", async () => {
    const FunctionName = await create("exports.handler = async (event) => event.rawPath;");
    const { FunctionUrl = "" } = await client.send(
      new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" }),
    );
    const url = new URL(FunctionUrl);
    expect(url.hostname).toMatch(/\.lambda-url\.localhost$/);
    expect(await textAt(url, "/a/b")).toBe("/a/b");
    await client.send(new UpdateFunctionUrlConfigCommand({ FunctionName, AuthType: "AWS_IAM" }));
    expect(await client.send(new GetFunctionUrlConfigCommand({ FunctionName }))).toMatchObject({
      AuthType: "AWS_IAM",
      FunctionUrl,
    });
    expect(await textAt(url, "/")).toContain("Forbidden");
    await expect(
      client.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" })),
    ).rejects.toMatchObject({ name: "ResourceConflictException" });
    await client.send(new DeleteFunctionUrlConfigCommand({ FunctionName }));
    expect((await client.send(new ListFunctionUrlConfigsCommand({ FunctionName }))).FunctionUrlConfigs).toEqual([]);
    const declared = await client.send(
      new GetFunctionUrlConfigCommand({ FunctionName: "declared", Qualifier: "live" }),
    );
    expect(declared.FunctionUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  test("permissions make a policy", async () => {
    const FunctionName = await create();
    const permission = {
      FunctionName,
      StatementId: "s1",
      Action: "lambda:InvokeFunction",
      Principal: "s3.amazonaws.com",
      SourceArn: "arn:aws:s3:::b",
    };
    await client.send(new AddPermissionCommand(permission));
    const { Policy = "" } = await client.send(new GetPolicyCommand({ FunctionName }));
    expect(JSON.parse(Policy)).toMatchObject({
      Statement: [
        {
          Sid: "s1",
          Effect: "Allow",
          Principal: { Service: "s3.amazonaws.com" },
          Resource: arnOf(FunctionName),
          Condition: { ArnLike: { "AWS:SourceArn": "arn:aws:s3:::b" } },
        },
      ],
    });
    await expect(client.send(new AddPermissionCommand(permission))).rejects.toMatchObject({
      message:
        "The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement.",
    });
    await client.send(new RemovePermissionCommand({ FunctionName, StatementId: "s1" }));
    await expect(client.send(new GetPolicyCommand({ FunctionName }))).rejects.toMatchObject({
      name: "ResourceNotFoundException",
    });
  });

  test("tags are set and taken off", async () => {
    const Resource = arnOf(await create());
    await client.send(new TagResourceCommand({ Resource, Tags: { a: "1", b: "2" } }));
    await client.send(new UntagResourceCommand({ Resource, TagKeys: ["a"] }));
    expect((await client.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ b: "2" });
    await expect(
      client.send(
        new TagResourceCommand({
          Resource,
          Tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, ""])),
        }),
      ),
    ).rejects.toMatchObject({ message: "Number of tags exceeds resource tag limit." });
    const reserved = {
      name: "InvalidParameterValueException",
      message: "aws: prefixed tag key names are not allowed for external use",
    };
    await expect(client.send(new TagResourceCommand({ Resource, Tags: { "AWS:x": "1" } }))).rejects.toMatchObject(
      reserved,
    );
    await expect(create(undefined, { Tags: { "aws:cloudformation:stack-name": "x" } })).rejects.toMatchObject(reserved);
    expect((await client.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ b: "2" });
  });
});

/** `*.localhost` does not resolve everywhere: the name goes into the Host header. */
async function textAt(url: URL, path: string): Promise<string> {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: url.port, path, headers: { host: url.host } }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve(text));
    })
      .on("error", reject)
      .end();
  });
}
