/** `init` in each kind of folder, and completion as a shell asks for it. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { templateRuntime } from "../../src/config/function-file.js";
import { ProjectFolder, smallProject } from "./cli.js";

describe("lambda-run init", () => {
  let project: ProjectFolder;
  const start = (files: Readonly<Record<string, string>>): ProjectFolder => (project = new ProjectFolder(files));
  const read = (name: string): string => readFileSync(join(project.folder, name), "utf8");
  afterEach(() => project.remove());

  it("makes an empty folder run with one command more", async () => {
    start({});
    mkdirSync(join(project.folder, ".git"));
    const { exitCode, stdout } = await project.run(["init"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "next: npx lambda-run start\n" });
    expect(read("template.yaml").trimEnd().split("\n").length).toBeLessThanOrEqual(15);
    expect(read("template.yaml")).toContain(`Runtime: ${templateRuntime()}`);
    const ran = await project.run(["invoke", "hello", "--event", "hello.json", "--port", "0"]);
    expect(ran.stdout).toBe('{"hello":"lambda-run"}\n');
    expect(read(".gitignore")).toBe(".lambda-run/\n");
    expect(JSON.parse(read(".vscode/launch.json"))).toMatchObject({
      configurations: [{ request: "attach", port: 9229 }, { request: "launch" }],
    });
  });

  it("finds the handlers of a plain folder, and leaves tests and packages alone", async () => {
    start({
      "src/orders/handler.ts": "export const handler = async () => 'orders';",
      "src/send-mail.js": "exports.handler = async () => 'mail';",
      "src/util.ts": "export const help = 1;",
      "test/handler.ts": "export const handler = 1;",
      "node_modules/x/handler.js": "exports.handler = 1;",
    });
    await project.run(["init"]);
    expect(read("template.yaml")).toMatch(/OrdersFunction:[\s\S]*SendMailFunction:/);
    expect(read("template.yaml")).not.toContain("test/");
    expect(existsSync(join(project.folder, "fixtures"))).toBe(false);
    const answers = [
      await project.run(["invoke", "OrdersFunction", "--port", "0"]),
      await project.run(["invoke", "SendMailFunction", "--port", "0"]),
    ];
    expect(answers.map(({ stdout }) => stdout)).toEqual(['"orders"\n', '"mail"\n']);
  });

  it("writes only launch.json beside a template, and nothing twice", async () => {
    start(smallProject("export const handler = async () => 1;"));
    const template = read("template.yaml");
    await project.run(["init"]);
    const again = await project.run(["init"]);
    expect(again.stderr).toContain("kept  .vscode/launch.json");
    expect(read("template.yaml")).toBe(template);
    expect(readdirSync(project.folder).sort()).toEqual([".vscode", "lambda-run.config.json", "src", "template.yaml"]);
  });

  it.each([
    ["cdk", "cdk.json", "npx cdk synth"],
    ["serverless", "serverless.yml", "serverless.yml is not read"],
    ["terraform", "main.tf", "template.yaml"],
  ])("says the way from a %s project, and writes nothing", async (kind, file, way) => {
    start({ [file]: "{}" });
    const { exitCode, stderr } = await project.run(["init"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(kind);
    expect(stderr).toContain(way);
    expect(readdirSync(project.folder)).toEqual([file]);
  });
});

describe("completion", () => {
  let project: ProjectFolder;
  const complete = async (...words: string[]): Promise<string[]> =>
    (await project.run(["__complete", "--", ...words])).stdout.split("\n").filter((word) => word !== "");
  beforeAll(async () => {
    project = new ProjectFolder({
      ...smallProject("export const handler = async () => 1;"),
      "fixtures/events/s3/put.json": "{}",
    });
    await project.run(["invoke", "hello"]);
  });
  afterAll(() => project.remove());

  it("knows commands, functions, fixtures, ids and flags", async () => {
    expect(await complete("re")).toEqual(expect.arrayContaining(["replay", "reset"]));
    expect(await complete("invoke", "he")).toEqual(["hello"]);
    expect(await complete("invoke", "")).toEqual(["hello", "HelloFunction"]);
    expect(await complete("invoke", "hello", "--event", "p")).toEqual(["put.json"]);
    expect(await complete("invoke", "hello", "--inspect-")).toEqual(["--inspect-brk"]);
    const [id = ""] = await complete("show", "");
    expect(id).toMatch(/^[0-9a-f]{8}$/);
    expect((await project.run(["show", id])).exitCode).toBe(0);
  });

  it("keeps silent where nothing is known or the template is broken", async () => {
    expect(await complete("nonsense", "x")).toEqual([]);
    const broken = new ProjectFolder({ "template.yaml": "Resources: [" });
    expect(await broken.run(["__complete", "--", "invoke", ""])).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
    broken.remove();
  });

  it("works inside bash", async () => {
    const { stdout: script } = await project.run(["completion", "bash"]);
    const bin = join(__dirname, "../../bin/lambda-run.js");
    const probe = `lambda-run() { ${process.execPath} ${bin} "$@"; }\n${script}\nCOMP_WORDS=(lambda-run invoke he); COMP_CWORD=2; _lambda_run; echo "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync("bash", ["-c", probe], { cwd: project.folder, encoding: "utf8" });
    expect(stdout).toBe("hello\n");
  });

  it("prints a script for each shell and refuses others", async () => {
    const results = await Promise.all(["zsh", "fish", "tcsh"].map((shell) => project.run(["completion", shell])));
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 2]);
    expect(results[2]?.stderr).toContain("bash, zsh, fish");
  });
});
