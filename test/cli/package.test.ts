/** `lambda-run package` as a process: what is written, that it runs, and that it is the same bytes twice. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createStack } from "../../src/index.js";
import { unzip } from "../../src/runtime/unzip.js";
import { ProjectFolder } from "./cli.js";

const TEMPLATE = `# kept as it is
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: { Runtime: nodejs22.x, Timeout: 10 }
Resources:
  Plain:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: plain, CodeUri: ., Handler: src/plain.handler }
  Module:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: module
      CodeUri: src # where it lies
      Handler: module.handler
  Custom:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: custom
      Runtime: provided.al2023
      Handler: any
      Role: arn:aws:iam::000000000000:role/x
      Code: custom
      Layers: [!Ref Shared]
  Inline:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: inline
      Handler: index.handler
      InlineCode: exports.handler = async () => 1;
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: layer/ }
  Deployments:
    Type: AWS::S3::Bucket
    Properties: { BucketName: deployments }
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties: { DefinitionUri: flow.json, Role: arn:aws:iam::000000000000:role/x }
`;
const FILES = {
  "template.yaml": TEMPLATE,
  "src/plain.ts":
    "import { part } from './part';\nexport const handler = async (event: { n: number }) => part(event.n);",
  "src/part.ts": "export const part = (n: number): string => `part ${n}`;",
  "src/module.mts": "const ready = await Promise.resolve('esm');\nexport const handler = async () => ready;",
  "custom/bootstrap": "#!/bin/sh\nexit 1\n",
  "custom/notes.txt": "with it",
  "layer/nodejs/shared.js": "exports.x = 1;",
  "flow.json": '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
  "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0 } }),
};

const folders: ProjectFolder[] = [];
function project(files: Readonly<Record<string, string>> = FILES): ProjectFolder {
  const made = new ProjectFolder(files);
  folders.push(made);
  if (files["custom/bootstrap"] !== undefined) chmodSync(join(made.folder, "custom/bootstrap"), 0o755);
  return made;
}
afterAll(() => folders.forEach((folder) => folder.remove()));

const contentOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name)).toString("base64")]),
  );

describe("lambda-run package", () => {
  it("writes the same bytes again, in another folder and on another day too", async () => {
    const [one, two] = [project(), project()];
    for (const folder of [one, two]) expect((await folder.run(["package", "--out", "build"])).exitCode).toBe(0);
    const built = contentOf(join(one.folder, "build"));
    expect(Object.keys(built)).toEqual(["Custom.zip", "Module.zip", "Plain.zip", "Shared.zip", "template.yaml"]);
    expect(contentOf(join(two.folder, "build"))).toEqual(built);
    for (const name of ["src/plain.ts", "custom/bootstrap"])
      execFileSync("touch", ["-d", "2031-07-01", join(one.folder, name)]);
    await one.run(["package", "--out", "build"], { env: { TZ: "Asia/Kolkata" } });
    expect(contentOf(join(one.folder, "build"))).toEqual(built);
  });

  it("changes the code's places in the template and nothing else", async () => {
    const folder = project();
    const { stdout, stderr } = await folder.run(["package", "--out", "build"]);
    const lines = readFileSync(join(folder.folder, "build/template.yaml"), "utf8").split("\n");
    expect(lines.filter((line) => !TEMPLATE.split("\n").includes(line))).toEqual([
      '    Properties: { FunctionName: plain, CodeUri: "Plain.zip", Handler: src/plain.handler }',
      '      CodeUri: "Module.zip" # where it lies',
      '      Code: "Custom.zip"',
      '    Properties: { ContentUri: "Shared.zip" }',
      '    Properties: { DefinitionUri: "../flow.json", Role: arn:aws:iam::000000000000:role/x }',
    ]);
    expect(stderr).toMatch(/note Inline stays as it is declared: its code is in the template/);
    expect(stdout).toMatch(/next: sam deploy --template-file build\/template.yaml --guided\n$/);
  });

  it("makes packages that run: the packaged template answers as the sources do", async () => {
    const folder = project();
    await folder.run(["package", "--out", "build"]);
    const stack = await createStack({ folder: folder.folder, template: "build/template.yaml" });
    try {
      expect((await stack.invoke("plain", { n: 7 })).payload).toBe("part 7");
      expect((await stack.invoke("module", {})).payload).toBe("esm");
      expect((await stack.invoke("inline", {})).payload).toBe(1);
    } finally {
      await stack.close();
    }
  });

  it("ships what lies beside a bundle without BuildMethod, the packages of before left out", async () => {
    const folder = project({ ...FILES, "src/views/page.html": "<h1>" });
    for (let run = 0; run < 2; run++) await folder.run(["package", "--out", "src/build"]);
    const unpacked = join(folder.folder, "unpacked");
    await unzip(join(folder.folder, "src/build/Module.zip"), unpacked);
    expect(readdirSync(unpacked).sort()).toEqual(["module.mjs", "module.mjs.map", "views"]);
    expect(readFileSync(join(unpacked, "views/page.html"), "utf8")).toBe("<h1>");
  });

  it("puts the content of a layer with BuildMethod where SAM puts it", async () => {
    const layer = "Properties: { ContentUri: layer/ }";
    const template = TEMPLATE.replace(layer, `Metadata: { BuildMethod: nodejs22.x }\n    ${layer}`);
    const folder = project({ ...FILES, "template.yaml": template, "layer/nodejs/shared.js": "", "layer/util.js": "" });
    rmSync(join(folder.folder, "layer/nodejs"), { recursive: true });
    await folder.run(["package", "--out", "build"]);
    const unpacked = join(folder.folder, "unpacked");
    await unzip(join(folder.folder, "build/Shared.zip"), unpacked);
    expect(readdirSync(unpacked, { recursive: true })).toEqual(["nodejs", "nodejs/util.js"]);
  });

  it("keeps what is executable executable, and names the project's own sources in the map", async () => {
    const folder = project();
    await folder.run(["package", "--out", "build"]);
    const unpacked = join(folder.folder, "unpacked");
    mkdirSync(unpacked);
    await unzip(join(folder.folder, "build/Custom.zip"), join(unpacked, "custom"));
    await unzip(join(folder.folder, "build/Plain.zip"), join(unpacked, "plain"));
    expect(execFileSync("find", [unpacked, "-perm", "-u+x", "-type", "f"], { encoding: "utf8" })).toBe(
      `${join(unpacked, "custom/bootstrap")}\n`,
    );
    expect(readdirSync(join(unpacked, "custom")).sort()).toEqual(["bootstrap", "notes.txt"]);
    const map = JSON.parse(readFileSync(join(unpacked, "plain/src/plain.js.map"), "utf8")) as { sources: string[] };
    expect(map.sources.toSorted()).toEqual(["src/part.ts", "src/plain.ts"]);
    expect(readFileSync(join(unpacked, "plain/src/plain.js"), "utf8")).not.toContain(folder.folder);
  });

  it("ships the SDK that the application has installed, unless External leaves it to the runtime", async () => {
    const sdk = { "node_modules/@aws-sdk/client-s3/index.js": "exports.mark = 'own copy of the SDK';" };
    const files = (metadata: string): Record<string, string> => ({
      "template.yaml": `Transform: AWS::Serverless-2016-10-31\nResources:\n  Fn:\n    Type: AWS::Serverless::Function\n${metadata}    Properties: { Runtime: nodejs22.x, CodeUri: ., Handler: app.handler }\n`,
      "app.js": "const { mark } = require('@aws-sdk/client-s3');\nexports.handler = async () => mark;",
      ...sdk,
    });
    const codeOf = async (metadata: string): Promise<string> => {
      const folder = project(files(metadata));
      expect((await folder.run(["package", "--out", "build"])).exitCode).toBe(0);
      await unzip(join(folder.folder, "build/Fn.zip"), join(folder.folder, "unpacked"));
      return readFileSync(join(folder.folder, "unpacked/app.js"), "utf8");
    };
    expect(await codeOf("")).toContain("own copy of the SDK");
    const left = await codeOf('    Metadata: { BuildProperties: { External: ["@aws-sdk/*"] } }\n');
    expect(left).not.toContain("own copy of the SDK");
    expect(left).toContain('require("@aws-sdk/client-s3")');
  });

  it("puts the packages into a bucket once, and names them there", async () => {
    const folder = project();
    const stack = await createStack({ folder: folder.folder });
    try {
      const { accessKeyId, secretAccessKey } = stack.stack.credentials;
      const env = {
        AWS_ENDPOINT_URL: stack.endpoint,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      };
      const args = ["package", "--out", "build", "--s3-bucket", "deployments", "--s3-prefix", "/apps/"];
      const first = await folder.run(args, { env });
      expect([first.exitCode, first.stderr]).toEqual([0, expect.anything()]);
      expect(first.stdout).toMatch(/4 of 4 put into deployments/);
      expect((await folder.run(args, { env })).stdout).toMatch(/0 of 4 put into deployments, the others were there/);
      const template = readFileSync(join(folder.folder, "build/template.yaml"), "utf8");
      const [, key = ""] = /CodeUri: "s3:\/\/deployments\/(apps\/[0-9a-f]{32}\.zip)" # where/.exec(template) ?? [];
      expect(await stack.s3.get("deployments", key)).toEqual(readFileSync(join(folder.folder, "build/Module.zip")));
      expect(template).toMatch(/Code: \{"S3Bucket":"deployments","S3Key":"apps\/[0-9a-f]{32}\.zip"\}/);
      const refused = await folder.run(["package", "--s3-bucket", "not-there"], { env });
      expect([refused.exitCode, refused.stderr]).toEqual([6, expect.stringMatching(/error LR5006 .*not-there/)]);
    } finally {
      await stack.close();
    }
  });

  it("refuses a package that Lambda would not take, and keeps the one that was there", async () => {
    const folder = project();
    await folder.run(["package", "--out", "build"]);
    const before = contentOf(join(folder.folder, "build"));
    writeFileSync(join(folder.folder, "custom/large.bin"), "");
    truncateSync(join(folder.folder, "custom/large.bin"), 262_144_000);
    const { exitCode, stderr } = await folder.run(["package", "--out", "build"]);
    expect([exitCode, stderr]).toEqual([
      5,
      expect.stringMatching(/LR4001 Custom unpacks to 250.0 MB.*largest file is large.bin/s),
    ]);
    expect(contentOf(join(folder.folder, "build"))).toEqual(before);
  });

  it.each([
    ["the template's own folder", ["--out", "."], 2, /LR1004 .*take the place of the template/],
    ["a prefix without a bucket", ["--s3-prefix", "x"], 2, /LR1004 --s3-prefix is given without --s3-bucket/],
  ])("refuses %s", async (_what, args, exitCode, message) => {
    const folder = project();
    const result = await folder.run(["package", ...args]);
    expect([result.exitCode, result.stderr]).toEqual([exitCode, expect.stringMatching(message)]);
    expect(readFileSync(join(folder.folder, "template.yaml"), "utf8")).toBe(TEMPLATE);
  });

  it("writes no template when a function does not build", async () => {
    const folder = project();
    folder.write("src/part.ts", "export const part = (");
    const { exitCode, stderr } = await folder.run(["package", "--out", "build"]);
    expect([exitCode, stderr]).toEqual([3, expect.stringMatching(/LR3001 plain does not compile/)]);
    expect(existsSync(join(folder.folder, "build/template.yaml"))).toBe(false);
  });

  it("says in JSON what it wrote", async () => {
    const { stdout } = await project().run(["package", "--out", "build", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      template: "build/template.yaml",
      packages: expect.arrayContaining([
        {
          logicalId: "Plain",
          file: "Plain.zip",
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          zippedBytes: expect.any(Number),
          unzippedBytes: expect.any(Number),
        },
      ]),
    });
  });
});
