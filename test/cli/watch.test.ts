/** `lambda-run watch` as a process: run again on each save, with the difference. */
import { coloursFor, type Colours } from "../../src/cli/render/colours.js";
import { difference } from "../../src/cli/render/difference.js";
import { ProjectFolder, smallProject } from "./cli.js";
import { Screen } from "./screen.js";

const handler = (n: number): string =>
  `export const handler = async (event) => ({ constant: true, n: ${n}, from: event.from });`;

describe("lambda-run watch", () => {
  let project: ProjectFolder;
  let screen: Screen;
  const start = (files: Readonly<Record<string, string>>, ...args: string[]): Screen => {
    project = new ProjectFolder(files);
    screen = new Screen(project.spawn(["watch", ...args]));
    return screen;
  };
  afterEach(async () => {
    screen.kill("SIGINT");
    await screen.exited;
    project.remove();
  });

  it("shows the answer, and after each save what has changed in it", async () => {
    start({ ...smallProject(handler(1)), "fixtures/events/a.json": '{"from":"a"}' }, "hello", "--event", "a.json");
    await screen.sees(/"n": 1,\n {2}"from": "a"/);
    await screen.sees(/watching hello/);
    project.write("src/hello.ts", handler(2));
    await screen.sees(/- {3}"n": 1,\n\+ {3}"n": 2,/);
    project.write("src/hello.ts", `// a remark\n${handler(2)}`);
    await screen.sees(/the same answer/);
    project.write("fixtures/events/a.json", '{"from":"b"}');
    await screen.sees(/- {3}"from": "a"\n\+ {3}"from": "b"/);
    screen.kill("SIGINT");
    expect(await screen.exited).toBe(0);
    expect(screen.text).toMatch(/4 invocations, p50/);
  });

  it("shows the line of a broken build, and goes on when it is mended", async () => {
    start(smallProject(handler(1)), "hello");
    await screen.sees(/watching hello/);
    project.write("src/hello.ts", "export const handler = async () => {\n  retrun 1;\n};");
    await screen.sees(/error LR3001[\s\S]*> 2 \|/);
    project.write("src/hello.ts", handler(3));
    expect(await screen.sees(/\+ {3}"n": 3/)).toBeTruthy();
  });

  it("tells once of a handler that is not there, and again after each save", async () => {
    const faults = (file: string): number =>
      screen.text.match(new RegExp(`LR3002 No handler file ${file}\\{`, "g"))?.length ?? 0;
    const template = (handler: string, timeout: number): string =>
      smallProject("", `      Timeout: ${timeout}`)["template.yaml"]?.replace("hello.handler", `${handler}.handler`) ??
      "";
    const { "src/hello.ts": _, ...files } = smallProject("");
    const saved = { "template.yaml": template("gone", 5), "event.json": "1", "src/other.ts": "" };
    start({ ...files, ...saved }, "hello", "--event", "event.json");
    await screen.sees(/watching hello/);
    expect(faults("gone")).toBe(1);
    project.write("event.json", "2");
    await screen.sees(/error LR3002/);
    // Another timeout is no reason to build: the run alone meets the fault.
    project.write("template.yaml", template("gone", 6));
    await screen.sees(/applied hello: timeoutSeconds[\s\S]*error LR3002/);
    // Another handler is built and run.
    project.write("template.yaml", template("lost", 6));
    await screen.sees(/error LR3002[\s\S]*applied hello: handler/);
    project.write("event.json", "3");
    await screen.sees(/error LR3002/);
    expect([faults("gone"), faults("lost")]).toEqual([3, 2]);
  });

  it("watches a file without any template", async () => {
    start({ "lone.ts": handler(1) }, "lone.ts", "--port", "0");
    await screen.sees(/watching lone/);
    project.write("lone.ts", handler(2));
    expect(await screen.sees(/\+ {3}"n": 2/)).toBeTruthy();
  });

  it("applies a timeout of the template and runs again", async () => {
    start(
      smallProject("export const handler = async (e, c) => Math.ceil(c.getRemainingTimeInMillis() / 1000);"),
      "hello",
    );
    await screen.sees(/watching hello/);
    project.write("template.yaml", smallProject("", "      Timeout: 77")["template.yaml"] ?? "");
    expect(await screen.sees(/applied hello: timeoutSeconds[\s\S]*- 3\n\+ 77/)).toBeTruthy();
  });
});

describe("the difference of two answers", () => {
  const plain: Colours = coloursFor({ isTTY: false }, {});
  it.each([
    ["equal values", { a: 1 }, { a: 1 }, undefined],
    [
      "a changed member with its neighbours",
      { a: 1, b: 2, c: 3, d: 4, e: 5 },
      { a: 1, b: 2, c: 9, d: 4, e: 5 },
      '    "b": 2,\n-   "c": 3,\n+   "c": 9,\n    "d": 4,',
    ],
    ["a list that grew in the middle", [1, 3], [1, 2, 3], "    1,\n+   2,\n    3"],
    ["undefined against a value", undefined, 1, "- null\n+ 1"],
  ])("of %s", (_what, before, after, shown) => {
    expect(difference(before, after, plain)).toBe(shown);
  });

  it("of two large answers is made without comparing every line with every other", () => {
    const rows = (n: number): number[] => Array.from({ length: 6000 }, (_, i) => i * n);
    expect(difference(rows(2), rows(3), plain)?.split("\n").length).toBeGreaterThan(10_000);
  });
});
