/** Values of template parameters in SAM's own configuration file. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadApplication, type LoadOptions } from "../../src/config/load-application.js";
import { folderWith, rejectionOf, withFunction } from "./support.js";

const TEMPLATE = withFunction(
  "Environment: { Variables: { STAGE: !Ref Stage, SIZE: !Ref Size, TEXT: !Ref Text } }",
  "Q: { Type: AWS::SQS::Queue }",
  "Parameters: { Stage: { Type: String, Default: dev }, Size: { Type: Number, Default: 1 }, Text: { Type: String, Default: t } }",
);
const project = (files: Record<string, string>): string =>
  folderWith({ "template.yaml": TEMPLATE, "src/app.ts": "", ...files });
const valuesOf = async (folder: string, options: Partial<LoadOptions> = {}) =>
  (await loadApplication({ folder, ...options })).application.functions[0]?.environment;
const toml = (table: string, overrides: string): string =>
  `version = 0.1\n[default.build.parameters]\ncached = true\n[default.${table}.parameters]\nparameter_overrides = ${overrides}\n`;

test.each([
  ["a text", String.raw`"Stage=test Size=2 Text=\"two \\\"words\\\"\""`, 'two "words"'],
  ["a list", `["Stage=test", "Size=2", "Text='a b'"]`, "a b"],
  [
    "CloudFormation's form",
    String.raw`"ParameterKey=Stage,ParameterValue=test ParameterKey=Size,ParameterValue=2 ParameterKey=Text,ParameterValue=\"a b=c\""`,
    "a b=c",
  ],
])("are taken as %s", async (_form, overrides, text) => {
  const folder = project({ "samconfig.toml": toml("local_start_api", overrides) });
  expect(await valuesOf(folder)).toMatchObject({ STAGE: "test", SIZE: "2", TEXT: text });
});

test("are those of `sam local`, else of all commands, and never those of `sam deploy`", async () => {
  const tables = ["global", "local_invoke", "local_start_lambda", "local_start_api"];
  const folder = project({ "samconfig.toml": `[default.deploy.parameters]\nparameter_overrides = "Stage=deploy"\n` });
  expect(await valuesOf(folder)).toMatchObject({ STAGE: "dev" });
  const texts = [];
  for (const table of tables) {
    texts.push(`[default.${table}.parameters]\nparameter_overrides = "Stage=${table}"\n`);
    writeFileSync(join(folder, "samconfig.toml"), texts.join(""));
    expect(await valuesOf(folder)).toMatchObject({ STAGE: table });
  }
});

test("come below flags and the configuration, and may name parameters of other templates", async () => {
  const folder = project({
    "samconfig.toml": toml("global", '"Stage=sam Size=3 Text=sam Foreign=1"'),
    "lambda-run.config.json": '{ "parameterOverrides": { "Size": "4", "Text": "own" } }',
  });
  const flags = { parameterOverrides: { Text: "flag" } };
  expect(await valuesOf(folder, { flags })).toMatchObject({ STAGE: "sam", SIZE: "4", TEXT: "flag" });
});

test("are read anew when the file changes, comes or goes, and from YAML where there is no TOML", async () => {
  const folder = project({});
  const options = { cacheFolder: join(folder, "cache"), version: "1" };
  const file = join(folder, "samconfig.yaml");
  expect(await valuesOf(folder, options)).toMatchObject({ STAGE: "dev" });
  writeFileSync(file, "default: { global: { parameters: { parameter_overrides: Stage=yaml } } }");
  expect(await valuesOf(folder, options)).toMatchObject({ STAGE: "yaml" });
  const loaded = await loadApplication({ folder, ...options });
  expect([loaded.fromCache, loaded.files]).toEqual([true, expect.arrayContaining([file])]);
  writeFileSync(join(folder, "samconfig.toml"), toml("global", '"Stage=toml"'));
  expect(await valuesOf(folder, options)).toMatchObject({ STAGE: "toml" });
  renameSync(join(folder, "samconfig.toml"), join(folder, "other.toml"));
  expect(await valuesOf(folder, options)).toMatchObject({ STAGE: "yaml" });
});

test("are looked for beside the template, then in the project", async () => {
  const folder = project({ "samconfig.toml": toml("global", '"Stage=project"') });
  mkdirSync(join(folder, "deep/src"), { recursive: true });
  renameSync(join(folder, "template.yaml"), join(folder, "deep/template.yaml"));
  const flags = { template: "deep/template.yaml" };
  expect(await valuesOf(folder, { flags })).toMatchObject({ STAGE: "project" });
  writeFileSync(join(folder, "deep/samconfig.toml"), toml("global", '"Stage=beside"'));
  expect(await valuesOf(folder, { flags })).toMatchObject({ STAGE: "beside" });
});

test.each([
  [
    "samconfig.toml",
    "[default\n",
    /^samconfig\.toml is not valid TOML: /,
    /samconfig\.toml:1:\d+$/,
    /> 1 \| \[default/,
  ],
  ["samconfig.yaml", "a: 1\nb: [1,\n", /^samconfig\.yaml is not valid YAML: /, /samconfig\.yaml:3:1$/, /2 \| b: \[1,/],
])("a fault of %s is told with its line", async (name, text, what, where, codeFrame) => {
  expect(await rejectionOf(() => loadApplication({ folder: project({ [name]: text }) }))).toMatchObject({
    code: "LR2005",
    what: expect.stringMatching(what),
    where: expect.stringMatching(where),
    codeFrame: expect.stringMatching(codeFrame),
  });
});

test.each([
  ['"Stage"', '"Stage" is not a pair'],
  ["1", "parameter_overrides of samconfig.toml is no text"],
])("parameter_overrides = %s is refused with its place", async (overrides, what) => {
  const folder = project({ "samconfig.toml": toml("global", overrides) });
  expect(await rejectionOf(() => loadApplication({ folder }))).toMatchObject({
    code: "LR2005",
    what,
    where: expect.stringMatching(/samconfig\.toml: default\.global\.parameters\.parameter_overrides$/),
  });
});

test("a value that the template does not take is told with the file that it comes from", async () => {
  const folder = project({ "samconfig.toml": toml("global", '"Size=big"') });
  expect(await rejectionOf(() => loadApplication({ folder }))).toMatchObject({
    what: 'Parameter Size cannot be "big"',
    fix: "Change it in samconfig.toml. Pass --parameter-overrides Size=Value with a value that fits.",
  });
});
