/** The Parameter Store through the official SDK. */
import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DeleteParametersCommand,
  DescribeParametersCommand,
  GetDocumentCommand,
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  LabelParameterVersionCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
  SSMClient,
  UnlabelParameterVersionCommand,
  type PutParameterCommandInput,
} from "@aws-sdk/client-ssm";
import { createSsmService, type SsmService } from "../../../src/services/ssm/index.js";
import { serveService, type ServedService } from "../harness.js";

describe("SSM Parameter Store", () => {
  let served: ServedService<SsmService>;
  let client: SSMClient;

  beforeAll(async () => {
    served = await serveService(createSsmService);
    client = new SSMClient(served.client);
  });
  afterEach(() => served.service.reset());
  afterAll(async () => {
    client.destroy();
    await served.stop();
  });

  const put = (Name: string, Value = "v", more: Partial<PutParameterCommandInput> = {}) =>
    client.send(new PutParameterCommand({ Name, Value, Type: "String", ...more }));
  const get = async (Name: string, WithDecryption = false) =>
    (await client.send(new GetParameterCommand({ Name, WithDecryption }))).Parameter;

  test("a parameter is read by name, version, label and ARN", async () => {
    expect(await put("/app/url", "one")).toMatchObject({ Version: 1, Tier: "Standard" });
    expect(await put("/app/url", "two", { Overwrite: true })).toMatchObject({ Version: 2 });
    await client.send(new LabelParameterVersionCommand({ Name: "/app/url", ParameterVersion: 1, Labels: ["stable"] }));
    const ARN = "arn:aws:ssm:us-east-1:000000000000:parameter/app/url";
    expect(await get("/app/url")).toEqual({
      Name: "/app/url",
      Type: "String",
      Value: "two",
      Version: 2,
      LastModifiedDate: new Date(served.clock.now()),
      ARN,
      DataType: "text",
    });
    expect(await get("/app/url:1")).toMatchObject({ Value: "one", Selector: ":1" });
    expect(await get("/app/url:stable")).toMatchObject({ Value: "one", Selector: ":stable" });
    expect(await get(ARN)).toMatchObject({ Value: "two" });
    await expect(get("/app/url:9")).rejects.toMatchObject({
      name: "ParameterVersionNotFound",
      message: "Systems Manager could not find version 9 of /app/url. Verify the version and try again.",
    });
    await expect(get("/app/url:beta")).rejects.toMatchObject({ name: "ParameterVersionNotFound" });
  });

  test("a missing parameter is refused without a text", async () => {
    const answer = await served.post("AmazonSSM.GetParameter", { Name: "none" });
    expect(answer).toEqual({ status: 400, body: { __type: "ParameterNotFound" } });
  });

  test("an existing parameter is replaced only when asked, and keeps its type", async () => {
    await put("p");
    await expect(put("p")).rejects.toMatchObject({
      name: "ParameterAlreadyExists",
      message:
        "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    });
    await expect(put("p", "v", { Overwrite: true, Type: "SecureString" })).rejects.toMatchObject({
      name: "HierarchyTypeMismatchException",
    });
    await expect(put("p", "v", { Overwrite: true, Tags: [{ Key: "a", Value: "b" }] })).rejects.toMatchObject({
      name: "ValidationException",
      message: expect.stringContaining("tags and overwrite can't be used together") as string,
    });
    await client.send(new PutParameterCommand({ Name: "p", Value: "w", Overwrite: true }));
    expect((await get("p"))?.Value).toBe("w");
  });

  test("a secure string is shown only with decryption", async () => {
    await put("secret", "hunter2", { Type: "SecureString" });
    expect((await get("secret", true))?.Value).toBe("hunter2");
    const sealed = (await get("secret"))?.Value ?? "";
    expect(sealed).not.toContain("hunter2");
    expect(Buffer.from(sealed, "base64").toString()).not.toContain("hunter2");
    const { Parameters } = await client.send(new DescribeParametersCommand({}));
    expect(Parameters).toMatchObject([
      { Name: "secret", KeyId: "alias/aws/ssm", LastModifiedUser: "arn:aws:iam::000000000000:root" },
    ]);
  });

  test.each<[string, string, string, Partial<PutParameterCommandInput>]>([
    ["/aws/mine", "AccessDeniedException", "No access to reserved parameter name: /aws/mine.", {}],
    [
      "ssm-mine",
      "ValidationException",
      'Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
      {},
    ],
    ["a/b", "ValidationException", "Parameter name must be a fully qualified name.", {}],
    ["with space", "ValidationException", "sub-path can be formed as a mix of letters", {}],
    [`/${Array.from({ length: 16 }, () => "a").join("/")}`, "HierarchyLevelLimitExceededException", "15 levels", {}],
    [
      "p",
      "ValidationException",
      "Standard tier parameters support a maximum parameter value of 4096 characters.",
      { Value: "x".repeat(4097) },
    ],
    [
      "p",
      "ValidationException",
      "Advanced tier parameters support a maximum parameter value of 8192 characters.",
      { Value: "x".repeat(8193), Tier: "Advanced" },
    ],
    [
      "p",
      "ParameterPatternMismatchException",
      "Parameter value, cannot be validated against allowedPattern: \\d+",
      { AllowedPattern: "\\d+" },
    ],
    ["p", "InvalidAllowedPatternException", "not a valid regular expression", { AllowedPattern: "(" }],
    ["p", "ValidationException", "A parameter type is required when you create a parameter.", { Type: undefined }],
    ["p", "ValidationException", "The following data type is not supported: Text", { DataType: "Text" }],
    [
      "p",
      "ValidationException",
      "Member must satisfy enum value set: [String, StringList, SecureString]",
      { Type: "Secret" as "String" },
    ],
    [
      "p",
      "ValidationException",
      "Parameter policies are not emulated by lambda-run.",
      { Policies: "[]", Tier: "Advanced" },
    ],
  ])("putting %s fails with %s: %s", async (Name, name, message, more) => {
    await expect(put(Name, "value", more)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message) as string,
    });
    expect((await client.send(new DescribeParametersCommand({}))).Parameters).toEqual([]);
  });

  test("a large value moves up a tier when the tier is left to AWS, and never down again", async () => {
    expect((await put("p", "x".repeat(5000), { Tier: "Intelligent-Tiering" })).Tier).toBe("Advanced");
    await expect(put("p", "small", { Overwrite: true, Tier: "Standard" })).rejects.toMatchObject({
      message: expect.stringContaining("You can't downgrade a parameter") as string,
    });
    expect((await put("p", "small", { Overwrite: true })).Tier).toBe("Advanced");
  });

  test("several are read at once, what is missing is named", async () => {
    await put("a");
    await put("b");
    const answer = await client.send(new GetParametersCommand({ Names: ["a", "b:1", "c", "a:7"] }));
    expect(answer.Parameters?.map((parameter) => parameter.Name)).toEqual(["a", "b"]);
    expect(answer.InvalidParameters).toEqual(["c", "a:7"]);
  });

  test("a path is listed one level deep or whole, in pages", async () => {
    for (const name of ["/app/a", "/app/b", "/app/deep/c", "/apple", "plain"]) await put(name);
    const under = async (Path: string, Recursive: boolean) => {
      const names: (string | undefined)[] = [];
      let NextToken: string | undefined;
      do {
        const page = await client.send(
          new GetParametersByPathCommand({ Path, Recursive, MaxResults: 1, ...(NextToken ? { NextToken } : {}) }),
        );
        names.push(...(page.Parameters ?? []).map((parameter) => parameter.Name));
        NextToken = page.NextToken;
      } while (NextToken !== undefined);
      return names;
    };
    expect(await under("/app", false)).toEqual(["/app/a", "/app/b"]);
    expect(await under("/app/", true)).toEqual(["/app/a", "/app/b", "/app/deep/c"]);
    expect(await under("/", false)).toEqual(["/apple", "plain"]);
    await expect(under("app", false)).rejects.toMatchObject({ name: "ValidationException" });
    await expect(client.send(new GetParametersByPathCommand({ Path: "/app", MaxResults: 11 }))).rejects.toMatchObject({
      message: expect.stringContaining("Member must have value less than or equal to 10") as string,
    });
  });

  test("descriptions are filtered by name, path, type and tag", async () => {
    await put("/app/a", "v", { Description: "first", Tags: [{ Key: "team", Value: "red" }] });
    await put("/app/deep/b", "x,y", { Type: "StringList" });
    await put("c", "v", { Type: "SecureString" });
    const names = async (Key: string, Values: string[], Option?: string) =>
      (
        await client.send(
          new DescribeParametersCommand({ ParameterFilters: [{ Key, Values, ...(Option ? { Option } : {}) }] }),
        )
      ).Parameters?.map((parameter) => parameter.Name);
    expect(await names("Name", ["app"], "Contains")).toEqual(["/app/a", "/app/deep/b"]);
    expect(await names("Path", ["/app"], "OneLevel")).toEqual(["/app/a"]);
    expect(await names("Path", ["/"], "Recursive")).toHaveLength(3);
    expect(await names("Type", ["StringList", "SecureString"])).toEqual(["/app/deep/b", "c"]);
    expect(await names("tag:team", ["red"])).toEqual(["/app/a"]);
    await expect(names("Colour", ["red"])).rejects.toMatchObject({ name: "InvalidFilterKey" });
    await expect(names("Path", ["/"], "Equals")).rejects.toMatchObject({ name: "InvalidFilterOption" });
  });

  test("history keeps a hundred versions with their labels; a label holds the oldest", async () => {
    await put("p", "1");
    await client.send(new LabelParameterVersionCommand({ Name: "p", Labels: ["keep"] }));
    for (let version = 2; version <= 100; version += 1) await put("p", String(version), { Overwrite: true });
    await expect(put("p", "101", { Overwrite: true })).rejects.toMatchObject({
      name: "ParameterMaxVersionLimitExceeded",
    });
    const moved = await client.send(
      new LabelParameterVersionCommand({ Name: "p", ParameterVersion: 50, Labels: ["keep", "1st"] }),
    );
    expect(moved).toMatchObject({ InvalidLabels: ["1st"], ParameterVersion: 50 });
    await put("p", "101", { Overwrite: true });
    const first = await client.send(new GetParameterHistoryCommand({ Name: "p" }));
    const second = await client.send(new GetParameterHistoryCommand({ Name: "p", NextToken: first.NextToken }));
    const all = [...(first.Parameters ?? []), ...(second.Parameters ?? [])];
    expect(all.map((version) => version.Version)).toEqual(Array.from({ length: 100 }, (_, index) => index + 2));
    expect(all.find((version) => version.Version === 50)).toMatchObject({ Value: "50", Labels: ["keep"] });
    const removed = await client.send(
      new UnlabelParameterVersionCommand({ Name: "p", ParameterVersion: 50, Labels: ["keep", "other"] }),
    );
    expect(removed).toMatchObject({ RemovedLabels: ["keep"], InvalidLabels: ["other"] });
  });

  test("deleting one and several", async () => {
    await put("a");
    await put("b");
    await client.send(new DeleteParameterCommand({ Name: "a" }));
    await expect(client.send(new DeleteParameterCommand({ Name: "a" }))).rejects.toMatchObject({
      name: "ParameterNotFound",
    });
    expect(await client.send(new DeleteParametersCommand({ Names: ["a", "b"] }))).toMatchObject({
      DeletedParameters: ["b"],
      InvalidParameters: ["a"],
    });
    await put("a", "fresh");
    expect((await get("a"))?.Version).toBe(1);
  });

  test("tags are added and removed", async () => {
    await put("p", "v", { Tags: [{ Key: "a", Value: "1" }] });
    const resource = { ResourceType: "Parameter", ResourceId: "p" } as const;
    await client.send(new AddTagsToResourceCommand({ ...resource, Tags: [{ Key: "b", Value: "2" }] }));
    await client.send(new RemoveTagsFromResourceCommand({ ...resource, TagKeys: ["a"] }));
    expect((await client.send(new ListTagsForResourceCommand(resource))).TagList).toEqual([{ Key: "b", Value: "2" }]);
    await expect(client.send(new ListTagsForResourceCommand({ ...resource, ResourceId: "q" }))).rejects.toMatchObject({
      name: "InvalidResourceId",
    });
  });

  test("the stack makes parameters of a template and reads references to them", async () => {
    await served.service.ensureParameter("/app/key", { type: "SecureString", value: "one" });
    await served.service.ensureParameter("/app/key", { type: "SecureString", value: "two" });
    expect(served.service.parameterValue("/app/key:1")).toBe("one");
    expect(() => served.service.parameterValue("/none")).toThrow(
      expect.objectContaining({ code: "ParameterNotFound" }),
    );
  });

  test("the rest of Systems Manager is refused by name", async () => {
    await expect(client.send(new GetDocumentCommand({ Name: "d" }))).rejects.toMatchObject({
      message: "The operation GetDocument is not emulated by lambda-run.",
    });
  });
});
