/** Packages and payloads that Lambda does not take, by the names and texts that clients have seen. */
import {
  CreateFunctionCommand,
  InvokeCommand,
  type LambdaClient,
  PublishLayerVersionCommand,
  UpdateFunctionCodeCommand,
  type CreateFunctionCommandInput,
} from "@aws-sdk/client-lambda";
import { functionInput, startLambda } from "./world.js";
import { zip } from "./zip.js";

const FunctionName = "taken";
const MEBIBYTE = 1024 * 1024;

let client: LambdaClient;

beforeAll(async () => {
  ({ client } = await startLambda());
  await client.send(new CreateFunctionCommand(functionInput(FunctionName)));
});

const made = (ZipFile: Uint8Array): CreateFunctionCommandInput => functionInput(FunctionName, { Code: { ZipFile } });

describe.each([
  ["no bytes", Buffer.alloc(0)],
  ["a ZIP without files", zip({})],
])("%s", (_what, ZipFile) => {
  test.each([
    ["a new function", new CreateFunctionCommand({ ...made(ZipFile), FunctionName: "other" })],
    ["a changed function", new UpdateFunctionCodeCommand({ FunctionName, ZipFile })],
    ["a layer", new PublishLayerVersionCommand({ LayerName: "part", Content: { ZipFile } })],
  ])("is no code for %s", async (_of, command) => {
    await expect(client.send(command as CreateFunctionCommand)).rejects.toMatchObject({
      name: "InvalidParameterValueException",
      message: "Uploaded file must be a non-empty zip",
    });
  });
});

test("an image may have SnapStart", async () => {
  const image = { PackageType: "Image", Code: { ImageUri: "x:1" }, Runtime: undefined, Handler: undefined } as const;
  const SnapStart = { ApplyOn: "PublishedVersions" } as const;
  const input = functionInput("pictured", { ...image, SnapStart, Publish: true });
  expect(await client.send(new CreateFunctionCommand(input))).toMatchObject({ SnapStart, Version: "1" });
});

test.each([
  ["RequestResponse", 6 * MEBIBYTE + 1, "Request must be smaller than 6291456 bytes for the InvokeFunction operation"],
  [
    "Event",
    MEBIBYTE + 1,
    `${MEBIBYTE + 1} byte payload is too large for the Event invocation type (limit 1048576 bytes)`,
  ],
] as const)("a payload too large for %s is a RequestEntityTooLargeException", async (InvocationType, size, message) => {
  const Payload = `"${"x".repeat(size - 2)}"`;
  await expect(client.send(new InvokeCommand({ FunctionName, InvocationType, Payload }))).rejects.toMatchObject({
    name: "RequestEntityTooLargeException",
    message,
    $metadata: { httpStatusCode: 413 },
  });
});
