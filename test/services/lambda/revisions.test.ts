/** What a revision id stands for: the state of one function, version or alias, its resource policy included. */
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  type LambdaClient,
  PublishVersionCommand,
  RemovePermissionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { functionInput, startLambda } from "./world.js";

let client: LambdaClient;

beforeAll(async () => {
  ({ client } = await startLambda({
    "declared.js": "exports.handler = async () => 1;",
    "template.yaml": `Transform: AWS::Serverless-2016-10-31
Resources:
  Declared:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: declared, Handler: declared.handler, Runtime: nodejs20.x, AutoPublishAlias: live }
`,
  }));
});

async function create(FunctionName: string): Promise<string | undefined> {
  const answer = await client.send(new CreateFunctionCommand(functionInput(FunctionName)));
  return answer.RevisionId;
}

interface Place {
  readonly FunctionName: string;
  readonly Qualifier?: string;
}

const revisionOf = async (place: Place): Promise<string | undefined> =>
  (await client.send(new GetFunctionConfigurationCommand(place))).RevisionId;
const policyRevisionOf = async (place: Place): Promise<string | undefined> =>
  (await client.send(new GetPolicyCommand(place))).RevisionId;
const permission = (place: Place, change: { StatementId: string; RevisionId?: string }): AddPermissionCommand =>
  new AddPermissionCommand({
    ...place,
    Action: "lambda:InvokeFunction",
    Principal: "s3.amazonaws.com",
    ...change,
  });

const STALE = { name: "PreconditionFailedException", $metadata: { httpStatusCode: 412 } };

test("the revision in the answer to a creation or a change is gone once the change is through", async () => {
  const FunctionName = "settling";
  const created = await create(FunctionName);
  const active = await revisionOf({ FunctionName });
  expect(active).not.toBe(created);
  expect(await revisionOf({ FunctionName })).toBe(active);
  const change = (RevisionId: string | undefined): UpdateFunctionConfigurationCommand =>
    new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 7, RevisionId });
  await expect(client.send(change(created))).rejects.toMatchObject(STALE);
  const changed = await client.send(change(active));
  expect(changed.RevisionId).not.toBe(await revisionOf({ FunctionName }));
});

test("a permission makes a new revision of the function, which its policy shows too", async () => {
  const FunctionName = "permitted";
  await create(FunctionName);
  const before = await revisionOf({ FunctionName });
  await expect(
    client.send(permission({ FunctionName }, { StatementId: "a", RevisionId: "other" })),
  ).rejects.toMatchObject({ ...STALE, message: expect.stringContaining("Call the GetPolicy API") as string });
  await client.send(permission({ FunctionName }, { StatementId: "a", RevisionId: String(before) }));
  const granted = await revisionOf({ FunctionName });
  expect(granted).not.toBe(before);
  expect(await policyRevisionOf({ FunctionName })).toBe(granted);
  await client.send(permission({ FunctionName }, { StatementId: "b" }));
  await client.send(new RemovePermissionCommand({ FunctionName, StatementId: "a" }));
  const revoked = await revisionOf({ FunctionName });
  expect(revoked).not.toBe(granted);
  expect(await policyRevisionOf({ FunctionName })).toBe(revoked);
});

test("publishing a version makes a new revision of $LATEST; a version and an alias have their own", async () => {
  const FunctionName = "published";
  await create(FunctionName);
  const before = await revisionOf({ FunctionName });
  await client.send(new PublishVersionCommand({ FunctionName, RevisionId: before }));
  const latest = await revisionOf({ FunctionName });
  expect(latest).not.toBe(before);
  const version = await revisionOf({ FunctionName, Qualifier: "1" });
  await client.send(new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: "1" }));
  await client.send(permission({ FunctionName, Qualifier: "1" }, { StatementId: "a" }));
  expect(await policyRevisionOf({ FunctionName, Qualifier: "1" })).toBe(
    await revisionOf({ FunctionName, Qualifier: "1" }),
  );
  expect(await revisionOf({ FunctionName, Qualifier: "1" })).not.toBe(version);
  await client.send(permission({ FunctionName, Qualifier: "live" }, { StatementId: "a" }));
  const alias = await client.send(new GetAliasCommand({ FunctionName, Name: "live" }));
  expect(await policyRevisionOf({ FunctionName, Qualifier: "live" })).toBe(alias.RevisionId);
  expect(await revisionOf({ FunctionName })).toBe(latest);
});

test("what the template publishes keeps its revision until its policy changes", async () => {
  const FunctionName = "declared";
  const version = { FunctionName, Qualifier: "1" };
  const before = await revisionOf(version);
  expect(await revisionOf(version)).toBe(before);
  await client.send(permission({ FunctionName, Qualifier: "live" }, { StatementId: "a" }));
  const { RevisionId } = await client.send(new GetAliasCommand({ FunctionName, Name: "live" }));
  expect(await policyRevisionOf({ FunctionName, Qualifier: "live" })).toBe(RevisionId);
  expect(await revisionOf(version)).not.toBe(before);
});

test("an alias that is not there is told to who changes it in other words than to who asks for it", async () => {
  const alias = { FunctionName: "declared", Name: "none" };
  const arn = "arn:aws:lambda:us-east-1:000000000000:function:declared:none";
  await expect(client.send(new UpdateAliasCommand(alias))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: `Alias not found: ${arn}`,
  });
  await expect(client.send(new GetAliasCommand(alias))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: `Cannot find alias arn: ${arn}`,
  });
});
