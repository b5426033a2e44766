/** What the command line itself is refused for: words that nobody knows, addresses that are none, ports in use. */
import { createServer, type AddressInfo, type Server } from "node:net";
import { basename } from "node:path";
import { ProjectFolder, smallProject } from "./cli.js";

const folders: ProjectFolder[] = [];
function project(files: Readonly<Record<string, string>> = {}): ProjectFolder {
  const made = new ProjectFolder({ ...smallProject("export const handler = async () => 1;"), ...files });
  folders.push(made);
  return made;
}
afterAll(() => folders.forEach((folder) => folder.remove()));

describe("a wrong command line", () => {
  it.each<[string, string[], string]>([
    [
      "an unknown command",
      ["invok", "hello"],
      "error LR1004 unknown command 'invok'. Did you mean invoke?\nfix   Run `lambda-run --help` to see the commands.\n",
    ],
    [
      "an unknown option",
      ["invoke", "hello", "--evnt", "x.json"],
      "error LR1004 unknown option '--evnt'. Did you mean --event?\nwhere lambda-run invoke <function>\nfix   Run `lambda-run invoke --help` to see its arguments and options.\n",
    ],
    [
      "a missing argument",
      ["peek"],
      "error LR1004 missing required argument 'queue'\nwhere lambda-run peek <queue>\nfix   Run `lambda-run peek --help` to see its arguments and options.\n",
    ],
    [
      "an option without its value",
      ["invoke", "hello", "--event"],
      "error LR1004 option '-e, --event <file>' argument missing\nwhere lambda-run invoke <function>\nfix   Run `lambda-run invoke --help` to see its arguments and options.\n",
    ],
    [
      "an argument too many",
      ["list", "all"],
      "error LR1004 too many arguments for 'list'. Expected 0 arguments but got 1\nwhere lambda-run list\nfix   Run `lambda-run list --help` to see its arguments and options.\n",
    ],
  ])("%s: code, suggestion and the one thing to do", async (_what, args, stderr) => {
    expect(await project().run(args)).toEqual({ exitCode: 2, stdout: "", stderr });
  });

  it("is one JSON object with --json", async () => {
    const { exitCode, stdout } = await project().run(["list", "--json", "--al"]);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ status: "failed", error: { code: "LR1004", fix: expect.any(String) } });
  });

  it("help and version are no errors, and without a command there is the help", async () => {
    expect(await project().run(["--version"])).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await project().run(["invoke", "--help"])).toMatchObject({ exitCode: 0, stderr: "" });
    const bare = await project().run([]);
    expect(bare.stderr).toMatch(/^Examples:/);
    expect(bare.stderr).not.toContain("LR1004");
  });

  it.each([
    [["--endpoint", "s3=foo"], '--endpoint s3 cannot be "foo"\nwhere --endpoint on the command line\n'],
    [["--s3", "foo"], '--s3 cannot be "foo"\nwhere --s3 on the command line\n'],
  ])("%j is refused under the name of the flag that was given", async (args, text) => {
    const { exitCode, stderr } = await project().run(["list", ...args]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`error LR2005 ${text}why   expected embedded,`)]);
  });
});

describe("a port in use", () => {
  let server: Server;
  let port: number;
  beforeAll(async () => {
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.close());

  const withPort = (): ProjectFolder =>
    project({ "lambda-run.config.json": JSON.stringify({ ports: { gateway: port, http: 0 } }) });
  const urlProject = (): ProjectFolder =>
    project(smallProject("export const handler = async () => 1;", "      FunctionUrlConfig: { AuthType: NONE }"));

  it.each<[string, () => ProjectFolder, (flag: number) => string[], string]>([
    ["--port of start", project, (at) => ["start", "--port", String(at)], "--port"],
    ["--port of a one-shot command", project, (at) => ["invoke", "hello", "--port", String(at)], "--port"],
    ["--http-port", urlProject, (at) => ["start", "--http-port", String(at)], "--http-port"],
    ["the port of the config file", withPort, () => ["start"], "--port"],
  ])("is refused where it was asked for by %s, with who holds it", async (_what, made, args, flag) => {
    const folder = made();
    const { exitCode, stderr } = await folder.run(args(port));
    expect(exitCode).toBe(6);
    expect(stderr).toContain(`error LR5001 Port ${port} is in use\n`);
    expect(stderr).toContain(`or pass another ${flag}; ${flag} 0 takes a free one`);
    if (process.platform === "linux")
      expect(stderr).toContain(`why   process ${process.pid} (${basename(process.execPath)}`);
  });

  it("gives way to the next one for a one-shot command that named none, said aloud", async () => {
    const { exitCode, stderr } = await withPort().run(["invoke", "hello"]);
    // Usually the next one; another test may have that.
    const taken = new RegExp(`port ${port} is in use, the services listen on (\\d+)`).exec(stderr)?.[1];
    expect(Number(taken)).toBeGreaterThan(port);
    expect(exitCode).toBe(0);
  });
});
