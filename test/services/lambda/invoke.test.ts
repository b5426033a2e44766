/** Invoke, versions and aliases, and event source mappings, with real execution environments. */
import {
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  DeleteAliasCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  GetEventSourceMappingCommand,
  GetFunctionRecursionConfigCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  type LambdaClient,
  ListAliasesCommand,
  ListEventSourceMappingsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionRecursionConfigCommand,
  UpdateAliasCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type CreateFunctionCommandInput,
} from "@aws-sdk/client-lambda";
import type { TestStack } from "../../../src/index.js";
import { arnOf, callFunction, DECLARED, makeFunction, startLambda } from "./world.js";
import { zip } from "./zip.js";
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

describe("Invoke", () => {
  test("takes every form of a name", async () => {
    const id = "000000000000:function:declared";
    for (const form of ["declared", "declared:$LATEST", id, `arn:aws:lambda:us-east-1:${id}`])
      expect(await call(form)).toMatchObject({ version: "$LATEST" });
    expect(await call("declared:live")).toMatchObject({ version: "1", arn: arnOf("declared", "live") });
  });

  test("gives version, request id, log tail and the function's error", async () => {
    const FunctionName = await create(
      "exports.handler = async () => { console.log('seen'); throw new TypeError('no'); };",
    );
    const answer = await client.send(new InvokeCommand({ FunctionName, LogType: "Tail" }));
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled", ExecutedVersion: "$LATEST" });
    expect(JSON.parse(Buffer.from(answer.Payload ?? []).toString())).toMatchObject({
      errorType: "TypeError",
      errorMessage: "no",
    });
    const log = Buffer.from(answer.LogResult ?? "", "base64").toString();
    expect(log).toContain("seen");
    expect(log).toContain(`RequestId: ${answer.$metadata.requestId}`);
  });

  test("gives the last 4 KB of the log and no more", async () => {
    const FunctionName = await create(
      "exports.handler = async () => { for (let n = 100; n < 200; n++) console.log(n + '-' + 'x'.repeat(96)); };",
    );
    const { LogResult = "" } = await client.send(new InvokeCommand({ FunctionName, LogType: "Tail" }));
    const log = Buffer.from(LogResult, "base64");
    expect(log).toHaveLength(4096);
    expect(log.toString()).toMatch(/199-x{96}\nEND RequestId: .*\nREPORT RequestId: .*\n$/);
  });

  test("checks a call without running it", async () => {
    expect(await client.send(new InvokeCommand({ FunctionName: "declared", InvocationType: "DryRun" }))).toMatchObject({
      StatusCode: 204,
    });
  });

  test("says in AWS's words what is wrong with the payload", async () => {
    const invoke = (Payload: string | Uint8Array): Promise<unknown> =>
      client.send(new InvokeCommand({ FunctionName: "declared", Payload })).catch((error: unknown) => error);
    expect(await invoke("{not json")).toMatchObject({
      name: "InvalidRequestContentException",
      message: expect.stringMatching(
        /^Could not parse request body into json: Could not parse payload into json: Unexpected character \('n' \(code 110\)\)/,
      ) as string,
    });
    expect(await invoke(Buffer.from([0x99, 0xeb]))).toMatchObject({
      message: expect.stringContaining("Unexpected character ((CTRL-CHAR, code 153))") as string,
    });
    expect(await invoke(JSON.stringify("a".repeat(6 * 1024 * 1024)))).toMatchObject({
      $metadata: { httpStatusCode: 413 },
      message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    });
  });

  test("streams what the handler streams, and sends the rest in one chunk", async () => {
    const streaming = await create(
      "exports.handler = awslambda.streamifyResponse(async (event, out) => { out.write('a'); await new Promise((w) => setTimeout(w, 20)); out.write('b'); out.end(); });",
    );
    const read = async (FunctionName: string): Promise<{ text: string; complete: unknown }> => {
      const { EventStream = [] } = await client.send(
        new InvokeWithResponseStreamCommand({ FunctionName, LogType: "Tail" }),
      );
      let text = "";
      let complete: unknown;
      for await (const { PayloadChunk, InvokeComplete } of EventStream as AsyncIterable<{
        PayloadChunk?: { Payload?: Uint8Array };
        InvokeComplete?: object;
      }>) {
        text += Buffer.from(PayloadChunk?.Payload ?? []).toString();
        complete = InvokeComplete ?? complete;
      }
      return { text, complete };
    };
    expect(await read(streaming)).toMatchObject({ text: "ab", complete: { LogResult: expect.any(String) as string } });
    expect(JSON.parse((await read("declared")).text)).toMatchObject({ version: "$LATEST" });
    const failing = await create("exports.handler = async () => { throw new Error('no'); };");
    expect(await read(failing)).toMatchObject({
      text: "",
      complete: { ErrorCode: "Error", ErrorDetails: expect.stringContaining('"no"') as string },
    });
  });

  test("cuts a function that calls itself, unless it is allowed to", async () => {
    const code = `
      const { InvokeCommand, LambdaClient } = require("@aws-sdk/client-lambda");
      const lambda = new LambdaClient({ maxAttempts: 1 });
      exports.handler = async ({ left }, context) => {
        if (left === 0) return "through";
        try {
          const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: context.functionName, Payload: JSON.stringify({ left: left - 1 }) }));
          return JSON.parse(Buffer.from(Payload).toString());
        } catch (error) { return error.name; }
      };`;
    const FunctionName = await create(code, { Timeout: 60 });
    expect(await call(FunctionName, { left: 3 })).toBe("through");
    expect(await call(FunctionName, { left: 20 })).toBe("RecursiveInvocationException");
    expect(
      await client.send(new PutFunctionRecursionConfigCommand({ FunctionName, RecursiveLoop: "Allow" })),
    ).toMatchObject({ RecursiveLoop: "Allow" });
    expect(await client.send(new GetFunctionRecursionConfigCommand({ FunctionName }))).toMatchObject({
      RecursiveLoop: "Allow",
    });
    expect(await call(FunctionName, { left: 20 })).toBe("through");
    expect(await client.send(new GetFunctionRecursionConfigCommand({ FunctionName: "declared" }))).toMatchObject({
      RecursiveLoop: "Allow",
    });
  }, 60_000);
});

describe("versions and aliases", () => {
  test("a version is frozen, and published once", async () => {
    const FunctionName = await create("exports.handler = async () => 1;");
    const { Version, FunctionArn } = await client.send(new PublishVersionCommand({ FunctionName, Description: "one" }));
    expect([Version, FunctionArn]).toEqual(["1", arnOf(FunctionName, "1")]);
    expect(await client.send(new PublishVersionCommand({ FunctionName }))).toMatchObject({ Version: "1" });
    await client.send(
      new UpdateFunctionCodeCommand({ FunctionName, ZipFile: zip({ "index.js": "exports.handler = async () => 2;" }) }),
    );
    expect([await call(FunctionName, {}, "1"), await call(FunctionName)]).toEqual([1, 2]);
    expect(await client.send(new PublishVersionCommand({ FunctionName }))).toMatchObject({ Version: "2" });
    const { Versions = [] } = await client.send(new ListVersionsByFunctionCommand({ FunctionName }));
    expect(Versions.map((version) => version.Version)).toEqual(["$LATEST", "1", "2"]);
    await client.send(new DeleteFunctionCommand({ FunctionName, Qualifier: "1" }));
    await expect(call(FunctionName, {}, "1")).rejects.toMatchObject({ name: "ResourceNotFoundException" });
    await expect(client.send(new DeleteFunctionCommand({ FunctionName, Qualifier: "$LATEST" }))).rejects.toMatchObject({
      message: "$LATEST version cannot be deleted without deleting the function.",
    });
  });

  test("an alias names a version, moves, and shares calls out by weight", async () => {
    const FunctionName = await create("exports.handler = async (e, c) => c.functionVersion;", { Publish: true });
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 7 }));
    await client.send(new PublishVersionCommand({ FunctionName }));
    expect(
      await client.send(new CreateAliasCommand({ FunctionName, Name: "prod", FunctionVersion: "1" })),
    ).toMatchObject({ AliasArn: arnOf(FunctionName, "prod"), FunctionVersion: "1" });
    expect(await call(FunctionName, {}, "prod")).toBe("1");
    await client.send(
      new UpdateAliasCommand({ FunctionName, Name: "prod", RoutingConfig: { AdditionalVersionWeights: { "2": 1 } } }),
    );
    expect((await client.send(new InvokeCommand({ FunctionName, Qualifier: "prod" }))).ExecutedVersion).toBe("2");
    expect(await client.send(new GetAliasCommand({ FunctionName, Name: "prod" }))).toMatchObject({
      RoutingConfig: { AdditionalVersionWeights: { "2": 1 } },
    });
    await expect(client.send(new DeleteFunctionCommand({ FunctionName, Qualifier: "1" }))).rejects.toMatchObject({
      name: "ResourceConflictException",
    });
    const differences = [
      [{ Role: "arn:aws:iam::000000000000:role/other" }, "execution role"],
      [{ DeadLetterConfig: { TargetArn: "arn:aws:sqs:us-east-1:000000000000:dead" } }, "dead letter queue"],
    ] as const;
    const { Role } = await client.send(new GetFunctionConfigurationCommand({ FunctionName }));
    for (const [difference, what] of differences) {
      await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Role, ...difference }));
      const { Version = "" } = await client.send(new PublishVersionCommand({ FunctionName }));
      const shared = { RoutingConfig: { AdditionalVersionWeights: { [Version]: 0.5 } } };
      await expect(
        client.send(new UpdateAliasCommand({ FunctionName, Name: "prod", ...shared })),
      ).rejects.toMatchObject({
        name: "InvalidParameterValueException",
        message: `Specified versions must be associated with the same ${what}`,
      });
    }
    await expect(
      client.send(new CreateAliasCommand({ FunctionName, Name: "7", FunctionVersion: "1" })),
    ).rejects.toMatchObject({ name: "ValidationException" });
    const { Aliases = [] } = await client.send(new ListAliasesCommand({ FunctionName }));
    expect(Aliases.map(({ Name }) => Name)).toEqual(["prod"]);
    await client.send(new DeleteAliasCommand({ FunctionName, Name: "prod" }));
    await expect(client.send(new GetAliasCommand({ FunctionName, Name: "prod" }))).rejects.toMatchObject({
      message: `Cannot find alias arn: ${arnOf(FunctionName, "prod")}`,
    });
  });

  test("the template's AutoPublishAlias is there", async () => {
    expect(await client.send(new GetAliasCommand({ FunctionName: "declared", Name: "live" }))).toMatchObject({
      FunctionVersion: "1",
    });
  });

  test("the template's versions and aliases are there", async () => {
    const { Aliases } = await client.send(new ListAliasesCommand({ FunctionName: "raw" }));
    expect(Aliases).toEqual([
      expect.objectContaining({
        Name: "canary",
        AliasArn: arnOf("raw", "canary"),
        Description: "some",
        FunctionVersion: "1",
        RoutingConfig: { AdditionalVersionWeights: { "4": 0.2 } },
      }),
      expect.objectContaining({ Name: "stable", FunctionVersion: "1" }),
    ]);
    const { Versions = [] } = await client.send(new ListVersionsByFunctionCommand({ FunctionName: "raw" }));
    expect(Versions.map(({ Version }) => Version)).toEqual(["$LATEST", "1", "4"]);
    expect(await call("raw", {}, "stable")).toMatchObject({ arn: arnOf("raw", "stable"), version: "1" });
  });
});

test("an event source mapping that is made disabled says so at once", async () => {
  const FunctionName = await create("exports.handler = async () => 1;");
  const EventSourceArn = "arn:aws:sqs:us-east-1:000000000000:work";
  const { UUID, State } = await client.send(
    new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, Enabled: false }),
  );
  expect(State).toBe("Disabled");
  await client.send(new DeleteEventSourceMappingCommand({ UUID }));
});

test("an event source mapping feeds the function until it is taken away", async () => {
  const FunctionName = await create("exports.handler = async (event) => event.Records.map((record) => record.body);");
  const EventSourceArn = "arn:aws:sqs:us-east-1:000000000000:work";
  const { UUID } = await client.send(
    new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, BatchSize: 1 }),
  );
  expect(await client.send(new GetEventSourceMappingCommand({ UUID }))).toMatchObject({
    State: "Enabled",
    BatchSize: 1,
    FunctionArn: arnOf(FunctionName),
  });
  await stack.sqs.send("work", { n: 1 });
  await stack.waitFor(
    () => stack.invocations().some(({ payload }) => JSON.stringify(payload) === '["{\\"n\\":1}"]'),
    PATIENT,
  );
  await expect(
    client.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn })),
  ).rejects.toMatchObject({
    name: "ResourceConflictException",
    message: expect.stringContaining(
      `already exists. Please update or delete the existing mapping with UUID ${UUID}`,
    ) as string,
  });
  await expect(
    client.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: `${EventSourceArn}-none` })),
  ).rejects.toThrow("SQS Error Code: AWS.SimpleQueueService.NonExistentQueue");
  await expect(
    client.send(new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, BatchSize: 100 })),
  ).rejects.toMatchObject({ name: "InvalidParameterValueException" });
  expect(await client.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }))).toMatchObject({
    State: "Disabling",
  });
  expect((await client.send(new ListEventSourceMappingsCommand({ FunctionName }))).EventSourceMappings).toMatchObject([
    { UUID, State: "Disabled" },
  ]);
  await client.send(new DeleteEventSourceMappingCommand({ UUID }));
  expect((await client.send(new ListEventSourceMappingsCommand({}))).EventSourceMappings).toEqual([]);
});
