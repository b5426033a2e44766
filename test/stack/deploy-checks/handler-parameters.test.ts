/** What `handler.length` would be, from the code alone. */
import { join } from "node:path";
import { handlerParameters } from "../../../src/stack/deploy-checks/handler-parameters.js";
import { handlerProgram } from "../../../src/stack/deploy-checks/handler-program.js";
import { caseSlip } from "../../../src/stack/deploy-checks/letter-case.js";
import { ProjectFolder } from "../../cli/cli.js";

describe("the number of parameters of a handler", () => {
  const project = new ProjectFolder({ "part.ts": "export const handler = (a, b, c) => c();" });
  afterAll(() => project.remove());

  it.each([
    ["function.ts", "export function handler(event: unknown, context: unknown, callback: () => void) {}", 3],
    ["arrow.ts", "export const handler = async (event: object) => event;", 1],
    ["renamed.mts", "const main = (a, b, c) => c(null, a);\nexport { main as handler };", 3],
    ["again.ts", "export { handler } from './part';", 3],
    ["default.ts", "export const handler = (a, b, c = 1) => a;", 2],
    ["rest.js", "exports.handler = (...all) => all;", 0],
    ["exports.js", "exports.handler = function (event, context, callback) { callback(); };", 3],
    ["module.js", "module.exports.handler = async (event, context) => event;", 2],
    ["object.js", "const handler = (a, b, c) => c();\nmodule.exports = { other: 1, handler };", 3],
    ["inline.cjs", "module.exports = { handler: (a, b, c) => c() };", 3],
    ["wrapped.ts", "import middy from 'middy';\nexport const handler = middy((a, b, c) => c());", undefined],
    ["none.ts", "export const other = 1;", undefined],
  ])("%s", async (name, text, expected) => {
    project.write(name, text);
    expect(handlerParameters(await handlerProgram(join(project.folder, name)), "handler")).toBe(expected);
  });
});

describe("a path whose letters are of another case on disk", () => {
  const disk: Record<string, readonly string[]> = { "/app": ["Src"], "/app/Src": ["Util.ts"], "/app/src": ["Util.ts"] };
  const namesIn = (folder: string): readonly string[] => disk[folder] ?? [];

  it.each([
    ["/app/Src/util.ts", { written: "Src/util.ts", onDisk: "Util.ts" }],
    ["/app/src/Util.ts", { written: "src", onDisk: "Src" }],
    ["/app/Src/Util.ts", undefined],
    ["/app/Src/gone.ts", undefined],
    ["/elsewhere/a.ts", undefined],
  ])("%s", (path, expected) => {
    expect(caseSlip("/app", path, namesIn)).toEqual(expected);
  });
});
