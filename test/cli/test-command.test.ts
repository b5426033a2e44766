/** `lambda-run test` as a process, and the matching underneath. */
import { readFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { generalise, mismatches } from "../../src/stack/test-runner/match.js";
import { ProjectFolder, smallProject } from "./cli.js";

const HANDLER = `
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
export const handler = async (event, context) => {
  console.log("handling", event.n);
  if (event.fail) throw new RangeError("too far");
  if (event.put) await new S3Client({ forcePathStyle: true }).send(new PutObjectCommand({ Bucket: "my-store", Key: event.put, Body: '{"ok":true}' }));
  return { n: event.n, id: context.awsRequestId, at: new Date().toISOString(), list: [1, 2] };
};`;
const json = (value: unknown): string => JSON.stringify(value);

describe("lambda-run test", () => {
  let project: ProjectFolder;
  const start = (files: Readonly<Record<string, unknown>>): ProjectFolder => {
    const texts = Object.entries(files).map(([name, value]) => [`fixtures/events/${name}`, json(value)]);
    project = new ProjectFolder({ ...smallProject(HANDLER), ...Object.fromEntries(texts) });
    return project;
  };
  afterEach(() => project.remove());

  it("passes what fits by subset, matcher, log, and what is there afterwards", async () => {
    start({
      "a.json": { n: 1, put: "out/1.json" },
      "a.expect.json": {
        function: "hello",
        payload: { n: 1, id: "$uuid", at: "$time", list: [1, "$number"] },
        logs: ["handling 1", "$match:^START RequestId"],
        before: { objects: [{ bucket: "Store", key: "in/a", body: "x" }] },
        after: {
          objects: [
            { bucket: "my-store", key: "$match:^out/", body: { ok: true } },
            { bucket: "Store", key: "in/a" },
          ],
        },
      },
      "b.json": { fail: true },
      "b.expect.json": { function: "HelloFunction", status: "error", error: { errorType: "RangeError" } },
    });
    const { exitCode, stdout, stderr } = await project.run(["test"]);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(
        /^pass fixtures\/events\/a hello \d+ ms\npass fixtures\/events\/b HelloFunction \d+ ms\n$/,
      ),
    });
    expect(stderr).toMatch(/^2 passed in [\d.]+ s\n$/);
    expect(existsSync(join(project.folder, ".lambda-run"))).toBe(false);
  });

  it("looks into second stores by name", async () => {
    start({
      "a.json": {},
      "a.expect.json": {
        function: "hello",
        after: { objects: [{ store: "premise", bucket: "kept", key: "never" }], withinMs: 50 },
      },
      "b.json": {},
      "b.expect.json": { function: "hello", after: { objects: [{ store: "nowhere", bucket: "kept", key: "x" }] } },
    });
    const premise = { port: 0, accessKeyId: "key", secretAccessKey: "secret", buckets: ["kept"] };
    project.write("lambda-run.config.json", json({ ports: { gateway: 0, http: 0 }, secondStores: { premise } }));
    const { exitCode, stdout } = await project.run(["test"]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("after: no object never in kept");
    expect(stdout).toContain('There is no second store "nowhere": secondStores');
  });

  it("says each thing that does not fit, with the end of the log, and fails", async () => {
    start({
      "a.json": { n: 1 },
      "a.expect.json": {
        function: "hello",
        payload: { n: 2, id: "$number", more: "$exists" },
        logs: ["nothing of the kind"],
        after: {
          objects: [{ bucket: "Store", key: "never" }],
          invocations: [{ function: "hello", status: "error" }],
          withinMs: 50,
        },
      },
      "b.json": {},
      "b.expect.json": { function: "hello", status: "timeout" },
    });
    const { exitCode, stdout, stderr } = await project.run(["test"]);
    expect(exitCode).toBe(1);
    for (const line of [
      "payload.n: expected 2, got 1",
      "is no $number",
      "payload.more: nothing is no $exists",
      'logs: no line has "nothing of the kind"',
      "after: no object never in Store",
      "after: hello has not run with error",
      "status: expected timeout, got success",
      "handling 1",
    ])
      expect(stdout).toContain(line);
    expect(stderr).toContain("2 failed");
  });

  it("writes expectations: new ones, and changed ones with what a person added kept", async () => {
    start({ "a.json": { n: 1 } });
    expect((await project.run(["test", "a.json", "--fn", "hello", "--update"])).exitCode).toBe(0);
    const file = join(project.folder, "fixtures/events/a.expect.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      function: "HelloFunction",
      status: "success",
      payload: { n: 1, id: "$uuid", at: "$time", list: [1, 2] },
    });
    expect((await project.run(["test"])).exitCode).toBe(0);
    project.write("fixtures/events/a.expect.json", json({ function: "hello", payload: { n: 5 }, logs: ["handling"] }));
    expect((await project.run(["test", "-u"])).stdout).toContain("updated");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      payload: { n: 1, id: "$uuid" },
      logs: ["handling"],
    });
  });

  it("tells faults of the project apart from tests that fail: their codes and exit code 2", async () => {
    start({ "a.json": {}, "a.expect.json": { function: "hello", playload: 1 }, "b.json": {} });
    const refused = await project.run(["test"]);
    expect(refused).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: expect.stringMatching(/^error LR6003 .*"playload"\. Did you mean "payload"\?/),
    });
    project.write("fixtures/events/a.expect.json", json({ function: "helo" }));
    project.write("fixtures/events/b.expect.json", json({ function: "hello" }));
    project.write("fixtures/events/b.json", "{");
    const { stdout } = await project.run(["test"]);
    expect(stdout).toContain('LR1001 There is no function "helo"');
    expect(stdout).toContain("LR1003 The fixture is not valid JSON");
  });

  it("reports to JUnit readers and to GitHub", async () => {
    start({ "a.json": { n: 1 }, "a.expect.json": { function: "hello", payload: { n: '<"&>' } } });
    const junit = await project.run(["test", "--reporter", "junit", "--out", "junit.xml"]);
    expect(readFileSync(join(project.folder, "junit.xml"), "utf8")).toMatch(
      /<testsuites tests="1" failures="1"[\s\S]*<failure message="payload.n: expected &quot;&lt;\\&quot;&amp;&gt;/,
    );
    expect(junit.exitCode).toBe(1);
    const github = await project.run(["test"], {
      env: { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: join(project.folder, "summary.md") },
    });
    expect(github.stdout).toMatch(
      /^::error file=fixtures\/events\/a\.expect\.json,title=fixtures\/events\/a::payload\.n: expected/m,
    );
    expect(readFileSync(join(project.folder, "summary.md"), "utf8")).toContain(
      "| **fail** | fixtures/events/a | hello |",
    );
  });

  it.each([
    ["no fixtures at all", {}, /LR6003.*nothing to test[\s\S]*--update/],
    ["a misspelled member", { "a.json": {}, "a.expect.json": { function: "hello", playload: 1 } }, /playload/],
    [
      "a function that there is not",
      { "a.json": {}, "a.expect.json": { function: "helo" } },
      /There is no function "helo"/,
    ],
    ["an expectation without its fixture", { "a.expect.json": { function: "hello" } }, /no fixture beside/],
    [
      "a matcher that there is not",
      { "a.json": {}, "a.expect.json": { function: "hello", payload: { n: "$uid" } } },
      /LR6003 there is no matcher \$uid\. Did you mean "\$uuid"\?\nwhere .*a\.expect\.json at payload\.n\nfix {3}Use one of \$any/,
    ],
    [
      "a matcher that there is not in the key of an object",
      {
        "a.json": {},
        "a.expect.json": { function: "hello", after: { objects: [{ bucket: "b", key: "$mach:^out" }] } },
      },
      /LR6003 there is no matcher \$mach:\. Did you mean "\$match:"\?\nwhere .* at after\.objects\[0\]\.key\n/,
    ],
    [
      "a matcher that there is not in the log",
      { "a.json": {}, "a.expect.json": { function: "hello", logs: ["5 $", "$contain:x"] } },
      /LR6003 there is no matcher \$contain:\. Did you mean "\$contains:"\?/,
    ],
    [
      "a pattern that is none",
      { "a.json": {}, "a.expect.json": { function: "hello", payload: "$match:(" } },
      /LR6003 Invalid regular expression[\s\S]*at payload\n/,
    ],
    [
      "a member that there is not",
      { "a.json": {}, "a.expect.json": { function: "hello", after: { object: [] } } },
      /LR6003 An expectation has no member "object" at after\. Did you mean "objects"\?[\s\S]*fix {3}Use one of: objects, items/,
    ],
  ])("refuses %s", async (_what, files, message) => {
    start(files);
    const { exitCode, stdout, stderr } = await project.run(["test"]);
    expect(exitCode).not.toBe(0);
    expect(stdout + stderr).toMatch(message);
  });
});

describe("matching", () => {
  it.each([
    ["a subset", { a: 1 }, { a: 1, b: 2 }, []],
    ["lists element by element", [1, { a: 1 }], [1, { a: 1, b: 1 }], []],
    ["lists of another length", [1], [1, 2], ["it: expected 1 elements, got 2"]],
    ["a text that begins with a dollar sign", "$$5", "$5", []],
    ["a part of a text", { a: "$contains:b" }, { a: "abc" }, []],
    ["null against nothing", { a: null }, {}, ["a: expected null, got nothing"]],
    ["absence", { a: "$absent" }, {}, []],
    ["JSON in a text", { body: { $json: { a: "$number" } } }, { body: '{"a":1,"b":2}' }, []],
    ["other JSON in a text", { body: { $json: { a: 2 } } }, { body: '{"a":1}' }, ["body.a: expected 2, got 1"]],
    ["a text that is no JSON", { body: { $json: [] } }, { body: "<p>" }, ['body: "<p>" is no JSON text']],
    ["an object where a text is expected", { body: { $json: {} } }, { body: {} }, ["body: {} is no JSON text"]],
  ])("%s", (_what, expected, actual, found) => {
    expect(mismatches(expected, actual)).toEqual(found);
  });

  it("makes matchers of what is another one in each run, and they fit the next run", () => {
    const value = {
      id: "0a1b2c3d-0000-4000-8000-0123456789ab",
      key: "out/0a1b2c3d-0000-4000-8000-0123456789ab.json (1)",
      at: 1_795_220_291_060,
      day: "2026-04-01",
      money: "$5",
      body: '{"url":"http://127.0.0.1:4000/a?X-Amz-Date=1","n":[1]}',
      brace: "{not JSON",
    };
    const expected = generalise(value);
    expect(expected).toEqual({
      id: "$uuid",
      key: "$match:^out/[0-9a-f-]{36}\\.json \\(1\\)$",
      at: "$number",
      day: "2026-04-01",
      money: "$$5",
      body: { $json: { url: "$url", n: [1] } },
      brace: "{not JSON",
    });
    expect(
      mismatches(expected, { ...value, id: "ffffffff-0000-4000-8000-0123456789ab", at: 1_795_220_291_061 }),
    ).toEqual([]);
  });
});
