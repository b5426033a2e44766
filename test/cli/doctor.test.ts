/** `lambda-run doctor`: the limits of this machine, and what a template declares that AWS would not run. */
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { ProjectFolder } from "./cli.js";

const folders: ProjectFolder[] = [];
function project(resources: string, files: Readonly<Record<string, string>>): ProjectFolder {
  const made = new ProjectFolder({
    "template.yaml": `Transform: AWS::Serverless-2016-10-31\nResources:\n${resources}`,
    ...files,
  });
  folders.push(made);
  return made;
}
afterAll(() => folders.forEach((folder) => folder.remove()));

const fn = (properties: string, metadata = ""): string =>
  `  Fn:\n    Type: AWS::Serverless::Function\n${metadata}    Properties: { Runtime: nodejs22.x, CodeUri: app, Handler: index.handler${properties} }\n`;
const OK = "export const handler = async () => 1;";
const SKIP = "    Metadata: { SkipBuild: true }\n";

interface Report {
  readonly limits: Readonly<Record<string, unknown>>;
  readonly findings: readonly {
    readonly logicalId: string;
    readonly severity: string;
    readonly what: string;
    readonly fix: string;
  }[];
}

const NODE_24 =
  "  Fn:\n    Type: AWS::Serverless::Function\n    Properties: { Runtime: nodejs24.x, CodeUri: app, Handler: index.handler }\n";
const QUEUE =
  "  Jobs: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 10 } }\n" +
  fn(", Timeout: 60, Events: { Job: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } } }");
const CUSTOM =
  "  Fn:\n    Type: AWS::Serverless::Function\n    Properties: { Runtime: provided.al2023, CodeUri: app, Handler: any }\n";

const TYPESCRIPT_OUTPUT = `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.handler = void 0;
const handler = async () => 1;
exports.handler = handler;
`;
const PYTHON =
  "  Fn:\n    Type: AWS::Serverless::Function\n    Properties: { Runtime: python3.13, CodeUri: app, Handler: app.run }\n";

describe("lambda-run doctor", () => {
  it("finds a definition that AWS refuses, and logging that goes nowhere", async () => {
    const machine =
      "  Flow: { Type: AWS::Serverless::StateMachine, Properties: { DefinitionUri: flow.asl.json, Logging: { Level: ALL } } }\n";
    const folder = project(machine, { "flow.asl.json": '{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}' });
    const { stdout, exitCode } = await folder.run(["doctor", "--json"]);
    expect(exitCode).toBe(2);
    const [definition, logging] = (JSON.parse(stdout) as Report).findings;
    expect(definition).toMatchObject({ logicalId: "Flow", severity: "breaks" });
    expect(definition?.what).toMatch(
      /flow\.asl\.json: \/States\/A\/Next; AWS refuses it with MISSING_TRANSITION_TARGET/,
    );
    expect(logging).toMatchObject({ severity: "breaks", what: expect.stringContaining("logs to no place") });
  });

  it("finds that SAM's Transform is missing, unless it is one of several", async () => {
    const folder = project(fn(""), { "app/index.ts": OK });
    const text = `Resources:\n${fn("")}`;
    folder.write("template.yaml", text);
    const [finding] = (JSON.parse((await folder.run(["doctor", "--json"])).stdout) as Report).findings;
    expect(finding).toMatchObject({ logicalId: "Transform", severity: "breaks" });
    folder.write("template.yaml", `Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n${text}`);
    expect((JSON.parse((await folder.run(["doctor", "--json"])).stdout) as Report).findings).toEqual([]);
  });

  it.each([
    [
      "a callback on Node 24",
      NODE_24,
      { "app/index.ts": "export const handler = (e, c, callback) => callback();" },
      /takes a callback, and nodejs24.x refuses it/,
    ],
    [
      "SDK v2 that nobody ships",
      fn("", SKIP),
      { "app/index.js": "require('aws-sdk');" },
      /imports aws-sdk \(SDK v2\), which no runtime/,
    ],
    [
      "SDK v2 in a bundle",
      fn(""),
      { "app/index.ts": `import "aws-sdk/clients/s3"; ${OK}` },
      /imports "aws-sdk\/clients\/s3" \(SDK v2\), which is not installed/,
    ],
    [
      "a package that is in no ZIP",
      fn("", SKIP),
      { "app/index.js": "require('left-pad');" },
      /imports left-pad, which is not in/,
    ],
    [
      "an external package without a layer",
      fn("", "    Metadata: { BuildProperties: { External: [sharp] } }\n"),
      { "app/index.ts": `import "sharp"; ${OK}` },
      /sharp is External: the ZIP is without it/,
    ],
    [
      "decorators whose types esbuild does not write down",
      fn(""),
      {
        "tsconfig.json": '{ "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true } }',
        "app/index.ts": `import "reflect-metadata";\nconst injectable: ClassDecorator = () => {};\n@injectable\nclass Service {}\n${OK}\nexport { Service };`,
        "node_modules/reflect-metadata/index.js": "",
      },
      /^tsconfig\.json sets emitDecoratorMetadata, and esbuild writes no types/,
    ],
    ["CodeUri that is not there", fn(""), {}, /No handler file index/],
    ["CodeUri in other letter case", fn("", SKIP), { "App/index.js": OK }, /exists, in other letter case/],
    ["Handler in other letter case", fn(""), { "app/Index.ts": OK }, /there is Index.ts, but letter case counts/],
    [
      "a handler that none of EntryPoints is",
      fn("", "    Metadata: { BuildMethod: esbuild, BuildProperties: { EntryPoints: [api/main.ts] } }\n"),
      { "app/api/main.ts": OK },
      /EntryPoints names api\/main\.ts, which SAM builds to main\.js/,
    ],
    ["TypeScript that nobody builds", fn("", SKIP), { "app/index.ts": OK }, /Lambda loads JavaScript only/],
    [
      "a handler without a function",
      fn("").replace("index.handler", "index"),
      { "app/index.ts": OK },
      /"index" is malformed/,
    ],
    [
      "a handler without a function, in a folder",
      fn("", SKIP).replace("index.handler", "index"),
      { "app/index.js": "" },
      /"index" is malformed/,
    ],
    ["a handler without a file", fn("").replace("index.handler", ".handler"), { "app/index.ts": OK }, /names no file/],
    [
      "a Python handler without a function",
      PYTHON.replace("app.run", "app"),
      { "app/app.py": "" },
      /"app" is malformed/,
    ],
    [
      "a handler that is not exported",
      fn(""),
      { "app/index.ts": "const handler = async () => 1; export const handle = handler;" },
      /index\.ts does not export handler; it exports handle\. Did you mean "handle"\?$/,
    ],
    [
      "a CommonJS handler that is not exported",
      fn("", SKIP),
      { "app/index.js": "const handler = async () => 1; module.exports = { main: handler }; exports.other = 1;" },
      /index\.js does not export handler; it exports main, other$/,
    ],
    [
      "inline code that does not export its handler",
      fn(", InlineCode: 'exports.main = async () => 1'").replace(" CodeUri: app,", ""),
      {},
      /index\.js does not export handler; it exports main$/,
    ],
    ["a Python file that is not there", PYTHON, { "app/main.py": "" }, /the handler file app\.py is not in/],
    ["a Python file in other letter case", PYTHON, { "app/App.py": "" }, /there is App\.py, but letter case counts/],
    [
      "a Python function that is not there",
      PYTHON,
      { "app/app.py": "def main(e, c): pass" },
      /app\.py has no function run/,
    ],
    ["a custom runtime without its first file", CUSTOM, { "app/other": "" }, /has no file bootstrap/],
    ["a bootstrap that cannot be started", CUSTOM, { "app/bootstrap": "" }, /bootstrap is not executable/],
    [
      "a queue that shows messages again too early",
      QUEUE,
      { "app/index.ts": OK },
      /Queue visibility timeout: 10 seconds is less than Function timeout: 60 seconds/,
    ],
  ])("finds %s", async (_what, resources, files, message) => {
    const folder = project(resources, files);
    const { exitCode, stdout } = await folder.run(["doctor", "--json"]);
    const { findings } = JSON.parse(stdout) as Report;
    expect(findings).toEqual([
      {
        logicalId: "Fn",
        severity: "breaks",
        what: expect.stringMatching(message),
        fix: expect.stringMatching(/\.$|chmod/),
      },
    ]);
    expect(exitCode).toBe(2);
  });

  it("finds nothing in a project that AWS would run", async () => {
    const folder = project(
      `${NODE_24.replaceAll("Fn:", "Modern:")}${fn("", SKIP).replace("app", "folder")}${CUSTOM.replaceAll("Fn:", "Custom:").replace("app", "custom")}`,
      {
        "app/index.ts":
          "import { S3Client } from '@aws-sdk/client-s3'; export const handler = async () => new S3Client({}) && 1;",
        "folder/index.js":
          "require('left-pad'); require('@aws-sdk/client-s3'); require('node:fs'); exports.handler = (e, c, done) => done();",
        "folder/node_modules/left-pad/index.js": "",
        "custom/bootstrap": "#!/bin/sh\n",
      },
    );
    chmodSync(join(folder.folder, "custom/bootstrap"), 0o755);
    const { exitCode, stdout } = await folder.run(["doctor"]);
    expect(stdout).toMatch(/On AWS as template.yaml declares it\nnothing was found that would not work there\n$/);
    expect(exitCode).toBe(0);
  });

  it("takes an External package for left out that packages alone ask for and nobody installed, and no other", async () => {
    const outside = "    Metadata: { BuildProperties: { External: [optional, wanted] } }\n";
    const folder = project(fn("", outside), {
      "app/index.ts": `import "framework"; ${OK}`,
      "node_modules/framework/index.js": "exports.load = () => [require('optional'), require('wanted')];",
      "node_modules/wanted/index.js": "",
    });
    const { findings } = JSON.parse((await folder.run(["doctor", "--json"])).stdout) as Report;
    expect(findings.map(({ what }) => what)).toEqual(["wanted is External: the ZIP is without it"]);
  });

  it.each([
    [
      "ES modules that pass exports on",
      "index.mjs",
      'export * from "./other.mjs"; export { a as b } from "./other.mjs";',
      "handler",
    ],
    ["a default export", "index.mjs", "export default async () => 1;", "default"],
    ["CommonJS under a package.json that is not shipped", "index.js", "exports.handler = async () => 1;", "handler"],
    ["what is given to exports by hand", "index.js", "exports.a = exports.handler = async () => 1;", "handler"],
    ["TypeScript's own output", "index.js", TYPESCRIPT_OUTPUT, "handler"],
    ["exports that a call fills", "index.js", "Object.assign(exports, require('./made'));", "handler"],
    ["exports that come from elsewhere", "index.js", "module.exports = require('left-pad')(1);", "handler"],
    [
      "names that are worked out",
      "index.js",
      "for (const name of ['handler']) exports[name] = async () => 1;",
      "handler",
    ],
    ["a member of an export", "index.js", "exports.api = { get: async () => 1 };", "api.get"],
  ])("takes %s for what it is", async (_what, file, text, name) => {
    const folder = project(fn("", SKIP).replace("index.handler", `index.${name}`), {
      "package.json": '{ "type": "module" }',
      [`app/${file}`]: text,
      "app/other.mjs": "export const a = 1; export const handler = async () => 1;",
      "app/made.js": "module.exports = { handler: async () => 1 };",
      "app/node_modules/left-pad/index.js": "",
    });
    expect((JSON.parse((await folder.run(["doctor", "--json"])).stdout) as Report).findings).toEqual([]);
  });

  it("finds Python handlers in packages and layers, and a bootstrap in a layer", async () => {
    const layers = "  Shared: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: layer } }\n";
    const inLayer = PYTHON.replace("app.run }", "tools.api.run, Layers: [!Ref Shared] }").replace("Fn:", "Tool:");
    const custom = CUSTOM.replace("Handler: any", "Handler: any, Layers: [!Ref Shared]").replace("Fn:", "Custom:");
    const folder = project(`${layers}${PYTHON.replace("app.run", "pkg/main.run")}${inLayer}${custom}`, {
      "app/pkg/main.py": "from handlers import (\n  other,\n  run,\n)\n",
      "layer/python/tools/api.py": "from .all import *\n",
      "layer/bootstrap": "#!/bin/sh\n",
    });
    chmodSync(join(folder.folder, "layer/bootstrap"), 0o755);
    expect((JSON.parse((await folder.run(["doctor", "--json"])).stdout) as Report).findings).toEqual([]);
  });

  it.each([
    ["DockerContext", "DockerContext: nowhere, Dockerfile: Dockerfile", /its DockerContext is not there: .*nowhere$/],
    ["Dockerfile", "DockerContext: ., Dockerfile: Dockerfile.prod", /its Dockerfile is not there: .*Dockerfile\.prod$/],
  ])("finds that the %s of an image is not there", async (_what, metadata, message) => {
    const folder = project(
      `  Image: { Type: AWS::Serverless::Function, Metadata: { ${metadata} }, Properties: { PackageType: Image } }\n`,
      { Dockerfile: "" },
    );
    const { exitCode, stdout } = await folder.run(["doctor", "--json"]);
    expect((JSON.parse(stdout) as Report).findings).toContainEqual(
      expect.objectContaining({ logicalId: "Image", severity: "breaks", what: expect.stringMatching(message) }),
    );
    expect(exitCode).toBe(2);
  });

  it("says what differs without calling it broken", async () => {
    const folder = project(
      "  Image: { Type: AWS::Serverless::Function, Metadata: { Dockerfile: Dockerfile }, Properties: { PackageType: Image } }\n",
      { Dockerfile: "" },
    );
    const { exitCode, stdout } = await folder.run(["doctor"]);
    expect(stdout).toMatch(/differs Image: `package` does not build images\n {2}fix {3}`sam build` builds it/);
    expect(exitCode).toBe(0);
  });

  it("says where `sam build` puts an entry point that Handler names by its own path", async () => {
    const declare = (handler: string): string =>
      `  Deep: { Type: AWS::Serverless::Function, Properties: { Runtime: nodejs22.x, CodeUri: src/, Handler: ${handler} }, Metadata: { BuildMethod: esbuild, BuildProperties: { EntryPoints: [deep/app.ts] } } }\n`;
    const files = { "src/deep/app.ts": "export const handler = async (): Promise<number> => 1;" };
    const findingsOf = async (handler: string): Promise<unknown> =>
      (JSON.parse((await project(declare(handler), files).run(["doctor", "--json"])).stdout) as Report).findings;
    expect(await findingsOf("deep/app.handler")).toContainEqual(
      expect.objectContaining({ logicalId: "Deep", severity: "differs", fix: "Write Handler: app.handler." }),
    );
    expect(await findingsOf("app.handler")).toEqual([]);
  });

  it("says which images Lambda would not take", async () => {
    const image = (id: string, uri: string, more = ""): string =>
      `  ${id}: { Type: AWS::Serverless::Function, Properties: { PackageType: Image, ImageUri: '${uri}'${more} } }\n`;
    const layer = "  Tools: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: tools } }\n";
    const pushed = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1";
    const folder = project(
      `${layer}${image("Local", "app:1")}${image("Pushed", pushed)}${image("Layered", pushed, ", Layers: [!Ref Tools]")}`,
      { "tools/x": "" },
    );
    const { exitCode, stdout } = await folder.run(["doctor", "--json"]);
    const { findings } = JSON.parse(stdout) as Report;
    expect(findings.map(({ logicalId, severity, what }) => [logicalId, severity, what])).toEqual([
      ["Local", "breaks", "app:1 is no image in ECR"],
      ["Layered", "breaks", "a container image takes no layers"],
    ]);
    expect(exitCode).toBe(2);
  });

  it("prints how each limit is held, also without a template", async () => {
    const folder = new ProjectFolder({});
    folders.push(folder);
    const { exitCode, stdout } = await folder.run(["doctor", "--json"]);
    const { findings, limits } = JSON.parse(stdout) as Report;
    expect(Object.keys(limits).sort()).toEqual(["cpu", "freeze", "kill", "memory", "root", "tmp"]);
    expect([exitCode, findings]).toEqual([0, []]);
  });
});
