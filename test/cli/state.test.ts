/** `lambda-run state`: the whole state out to a file and back in, and archives that are none. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { pack } from "tar-stream";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder, smallProject } from "./cli.js";

const RESOURCES = `  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
  Rows:
    Type: AWS::Serverless::SimpleTable
    Properties: { TableName: rows }
  Key: { Type: AWS::SecretsManager::Secret, Properties: { Name: key, SecretString: first } }
`;
const LARGE = Buffer.alloc(300_000, "large body ");

const folders: ProjectFolder[] = [];
function project(): ProjectFolder {
  const files = smallProject("export const handler = async () => 1;");
  const made = new ProjectFolder({ ...files, "template.yaml": `${files["template.yaml"] ?? ""}${RESOURCES}` });
  folders.push(made);
  return made;
}
afterAll(() => folders.forEach((folder) => folder.remove()));

const stackOn = (folder: ProjectFolder): Promise<TestStack> =>
  createStack({ folder: folder.folder, config: { ephemeral: false, state: ".lambda-run" } });

async function fill(folder: ProjectFolder): Promise<void> {
  const stack = await stackOn(folder);
  await stack.s3.put("Store", "small", "small body");
  await stack.s3.put("Store", "a/large", LARGE);
  await stack.sqs.send("Jobs", { job: 7 });
  await stack.dynamodb.put("Rows", { id: "1", name: "row" });
  const secrets = new SecretsManagerClient(stack.clientConfig);
  await secrets.send(new PutSecretValueCommand({ SecretId: "key", SecretString: "second" }));
  secrets.destroy();
  await stack.close();
}

async function contentOf(folder: ProjectFolder): Promise<unknown> {
  const stack = await stackOn(folder);
  const secrets = new SecretsManagerClient(stack.clientConfig);
  try {
    return {
      keys: await stack.s3.list("Store"),
      large: (await stack.s3.get("Store", "a/large"))?.equals(LARGE),
      messages: (await stack.sqs.depth("Jobs")).visible,
      row: await stack.dynamodb.get("Rows", { id: "1" }),
      secret: (await secrets.send(new GetSecretValueCommand({ SecretId: "key" }))).SecretString,
    };
  } finally {
    secrets.destroy();
    await stack.close();
  }
}
const FILLED = {
  keys: ["a/large", "small"],
  large: true,
  messages: 1,
  row: { id: "1", name: "row" },
  secret: "second",
};

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}
const manifest = (over: object = {}): string =>
  JSON.stringify({ format: "lambda-run state", formatVersion: 1, madeBy: "9.9.9", files: 1, ...over });

describe("lambda-run state", () => {
  let source: ProjectFolder;
  beforeAll(async () => {
    source = project();
    await fill(source);
    const { exitCode, stderr } = await source.run(["state", "export", "all.tar.gz"]);
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(/^\d+ files of .* are in all.tar.gz: keep it to yourself/),
    ]);
  });

  it("brings objects, messages, rows and secrets to another folder", async () => {
    const target = project();
    writeFileSync(join(target.folder, "all.tar.gz"), readFileSync(join(source.folder, "all.tar.gz")));
    expect((await target.run(["state", "import", "all.tar.gz"])).exitCode).toBe(0);
    expect(await contentOf(target)).toEqual(FILLED);
    expect(readdirSync(join(target.folder, ".lambda-run")).filter((name) => /\d/.test(name))).toEqual([]);
  });

  it("writes over an archive only when asked to", async () => {
    const path = join(source.folder, "kept.tar.gz");
    writeFileSync(path, "the only copy");
    const refused = await source.run(["state", "export", "kept.tar.gz"]);
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/error LR1004 kept\.tar\.gz is there already[\s\S]*--force/),
    ]);
    expect(readFileSync(path, "utf8")).toBe("the only copy");
    expect((await source.run(["state", "export", "kept.tar.gz", "--force"])).exitCode).toBe(0);
    expect(readFileSync(path).subarray(0, 2)).toEqual(Buffer.from([0x1f, 0x8b]));
  });

  it("writes a file that its owner alone can read", () => {
    expect(statSync(join(source.folder, "all.tar.gz")).mode & 0o077).toBe(0);
  });

  it("takes standard input, and replaces a state only when asked to", async () => {
    const archive = readFileSync(join(source.folder, "all.tar.gz"), "latin1");
    const target = project();
    const other = await stackOn(target);
    await other.s3.put("Store", "mine", "stays");
    await other.close();
    target.write("all.tar.gz", "");
    writeFileSync(join(target.folder, "all.tar.gz"), Buffer.from(archive, "latin1"));
    const refused = await target.run(["state", "import", "all.tar.gz"]);
    expect([refused.exitCode, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/error LR1004 There is a state already/),
    ]);
    expect(await contentOf(target)).toMatchObject({ keys: ["mine"] });
    const child = target.spawn(["state", "import", "-", "--force"]);
    child.stdin.end(Buffer.from(archive, "latin1"));
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
    expect(await contentOf(target)).toEqual(FILLED);
  });

  it("refuses while a stack uses the state", async () => {
    const target = project();
    const stack = await stackOn(target);
    try {
      for (const args of [
        ["export", "x.tar.gz"],
        ["import", "x.tar.gz", "--force"],
      ]) {
        target.write("x.tar.gz", "");
        const { exitCode, stderr } = await target.run(["state", ...args]);
        expect([exitCode, stderr]).toEqual([
          6,
          expect.stringMatching(/error LR5003 The state is in use by process \d+/),
        ]);
      }
    } finally {
      await stack.close();
    }
  });

  it.each<[string, (whole: Buffer) => Promise<Buffer> | Buffer, RegExp]>([
    ["a part of an archive", (whole) => whole.subarray(0, whole.length - 2000), /unexpected end of file/],
    ["something else", () => Buffer.from("no archive at all"), /incorrect header check/],
    ["another archive", () => tarOf({ "readme.txt": "hello" }), /it is no export of lambda-run/],
    [
      "a newer format",
      () => tarOf({ "manifest.json": manifest({ formatVersion: 2 }) }),
      /it has format 2, made by lambda-run 9\.9\.9/,
    ],
    [
      "a way out of the folder",
      () => tarOf({ "manifest.json": manifest(), "blobs/../../../evil": "x" }),
      /"blobs\/\.\.\/\.\.\/\.\.\/evil" has no place in a state/,
    ],
    [
      "an absolute name",
      () => tarOf({ "manifest.json": manifest(), "/etc/evil": "x" }),
      /"\/?etc\/evil" has no place in a state/,
    ],
    [
      "fewer files than it says",
      () => tarOf({ "manifest.json": manifest({ files: 3 }), secret: "x" }),
      /it has 1 of 3 files/,
    ],
    [
      "a store that is none",
      () => tarOf({ "manifest.json": manifest({ files: 2 }), secret: "x".repeat(32), "state.mdb": "no store" }),
      /its store cannot be opened/,
    ],
  ])("refuses %s and leaves what is there", async (_what, bytesOf, why) => {
    const target = project();
    const mine = await stackOn(target);
    await mine.s3.put("Store", "mine", "stays");
    await mine.close();
    writeFileSync(join(target.folder, "bad.tar.gz"), await bytesOf(readFileSync(join(source.folder, "all.tar.gz"))));
    const { exitCode, stderr } = await target.run(["state", "import", "bad.tar.gz", "--force"]);
    expect([exitCode, stderr]).toEqual([2, expect.stringMatching(why)]);
    expect(stderr).toMatch(/^error LR6004 /);
    expect(await contentOf(target)).toMatchObject({ keys: ["mine"] });
    expect(existsSync(join(target.folder, "evil"))).toBe(false);
  });

  it("says when there is nothing to export, and what it can do", async () => {
    const folder = project();
    expect((await folder.run(["state", "export", "x"])).stderr).toMatch(/error LR1004 There is no state to export/);
    expect((await folder.run(["state", "import", "x"])).stderr).toMatch(/error LR6004 There is no file x/);
    expect((await folder.run(["state", "copy", "x"])).stderr).toMatch(/error LR1004 "copy" is no action of state/);
    expect(existsSync(join(folder.folder, "x"))).toBe(false);
  });
});
