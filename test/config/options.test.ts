import { Command } from "commander";
import { configFromFlags } from "../../src/config/flag-values.js";
import { CONFIG_FLAGS } from "../../src/config/flags.js";
import { resolveDynamicReferences } from "../../src/config/dynamic-reference.js";
import type { DynamicReference } from "../../src/config/dynamic-reference.js";
import { listOptions } from "../../src/config/option-list.js";
import { configSchema, parseSize } from "../../src/config/schema.js";
import { configurationPage } from "../../src/config/to-docs.js";
import { flagDeclarations } from "../../src/config/to-flags.js";
import { errorOf } from "./support.js";

test("the generated flags are those of the schema", () => {
  expect(CONFIG_FLAGS).toEqual(flagDeclarations());
});

test("every option is described, and stands in the docs", () => {
  const page = configurationPage();
  for (const { path } of listOptions()) expect(page).toContain(`| \`${path}\` |`);
  const leaves = Object.keys(configSchema.shape).filter((key) => !page.includes(`| \`${key}`));
  expect(leaves).toEqual([]);
});

test("what commander parses becomes configuration", () => {
  const program = new Command();
  for (const { flags } of CONFIG_FLAGS) program.option(flags);
  const argv =
    '--port 0 --http-port 81 --ephemeral --stack-name a --parameter-overrides A=1 B=x=y --endpoint sqs=http://h:1 --env N="q" --sandbox portable';
  program.parse(argv.split(" "), { from: "user" });
  const config = configFromFlags(program.opts(), CONFIG_FLAGS);
  expect(config).toEqual({
    ports: { gateway: 0, http: 81 },
    ephemeral: true,
    stackName: "a",
    parameterOverrides: { A: "1", B: "x=y" },
    backends: { sqs: "http://h:1" },
    environment: { N: "q" },
    limits: { sandbox: "portable" },
  });
  expect(configSchema.safeParse(config).success).toBe(true);
});

test("where a single service is has a flag of its own, beside the general one", () => {
  const program = new Command();
  for (const { flags } of CONFIG_FLAGS) program.option(flags);
  program.parse("--s3 minio --endpoint sqs=http://h:1 ssm=localstack --dynamodb aws".split(" "), { from: "user" });
  const { backends } = configSchema.parse(configFromFlags(program.opts(), CONFIG_FLAGS));
  expect(backends).toEqual({ s3: "minio", sqs: "http://h:1", ssm: "localstack", dynamodb: "aws" });
});

test("several overrides may stand in one text, as SAM writes them", () => {
  expect(configFromFlags({ parameterOverrides: ["A=1 B=two words C=3"] }, CONFIG_FLAGS)).toEqual({
    parameterOverrides: { A: "1", B: "two words", C: "3" },
  });
  const text = String.raw`A="b C=d" ParameterKey=Long,ParameterValue=1 E='f \'g' H= I={"j": "k"}`;
  expect(configFromFlags({ parameterOverrides: [text] }, CONFIG_FLAGS)).toEqual({
    parameterOverrides: { A: "b C=d", Long: "1", E: "f 'g", H: "", I: '{"j": "k"}' },
  });
});

test("a pair without a name is refused", () => {
  const error = errorOf(() => configFromFlags({ parameterOverrides: ["Stage"] }, CONFIG_FLAGS));
  expect(error.code).toBe("LR2005");
  expect(error.where).toBe("--parameter-overrides");
});

test("a number that is none reaches the schema, which names the option", () => {
  expect(configFromFlags({ port: "x" }, CONFIG_FLAGS)).toEqual({ ports: { gateway: "x" } });
});

test.each([
  ["2k", 2048],
  ["1.5m", 1_572_864],
  ["10", 10],
  ["1 GB", 1_073_741_824],
  ["x", undefined],
])("the size %s is %s bytes", (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test("dynamic references are taken apart and replaced", async () => {
  const asked: DynamicReference[] = [];
  const arn = "arn:aws:secretsmanager:r:1:secret:s-abc";
  const text = `a{{resolve:ssm:/x/y:2}}b{{resolve:secretsmanager:s:SecretString:key::}}c{{resolve:secretsmanager:${arn}}}`;
  const result = await resolveDynamicReferences(text, (reference) => {
    asked.push(reference);
    return Promise.resolve(String(asked.length));
  });
  expect(result).toBe("a1b2c3");
  expect(asked).toEqual([
    { kind: "ssm", name: "/x/y", version: "2" },
    { kind: "secret", secretId: "s", jsonKey: "key", versionStage: undefined, versionId: undefined },
    { kind: "secret", secretId: arn, jsonKey: undefined, versionStage: undefined, versionId: undefined },
  ]);
});
