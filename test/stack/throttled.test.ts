/** The example of throttled processing, from the upload to the last queue, in both query languages of Step Functions. */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GetExecutionHistoryCommand, ListExecutionsCommand, SFNClient, type HistoryEvent } from "@aws-sdk/client-sfn";
import { createStack, type TestStack } from "../../src/index.js";
import { ProjectFolder } from "../cli/cli.js";

const EXAMPLE = join(__dirname, "..", "..", "examples", "throttled");
const MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:process-csv";

let project: ProjectFolder;
let stack: TestStack;
let client: SFNClient;

async function start(definition: string): Promise<void> {
  project = new ProjectFolder({});
  cpSync(EXAMPLE, project.folder, { recursive: true });
  const template = readFileSync(join(EXAMPLE, "template.yaml"), "utf8");
  project.write("template.yaml", template.replace("DefinitionUri: process.asl.json", `DefinitionUri: ${definition}`));
  stack = await createStack({ folder: project.folder, clock: "virtual" });
  client = new SFNClient(stack.clientConfig);
}
afterEach(async () => {
  client.destroy();
  await stack.close();
  project.remove();
});

const csv = (...rows: readonly string[]): string => ["id,name", ...rows].join("\n");

/** Histories of the executions that had something to do, oldest first. */
async function histories(): Promise<readonly (readonly HistoryEvent[])[]> {
  const { executions = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn: MACHINE }));
  const found: HistoryEvent[][] = [];
  for (const { executionArn, status } of executions.reverse()) {
    expect(status).toBe("SUCCEEDED");
    const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
    if (events.some(({ type }) => type === "MapStateStarted")) found.push(events);
  }
  return found;
}

/** Iterations under way at the same time, at most. */
function mostAtOnce(history: readonly HistoryEvent[]): number {
  let running = 0;
  let most = 0;
  for (const { type } of history) {
    if (type === "MapIterationStarted") most = Math.max(most, ++running);
    if (type === "MapIterationSucceeded") running -= 1;
  }
  return most;
}

const outputOf = (history: readonly HistoryEvent[]): unknown =>
  JSON.parse(history.at(-1)?.executionSucceededEventDetails?.output ?? "null");

describe.each(["process.asl.json", "process.jsonata.asl.json"])("%s", (definition) => {
  it("takes what was uploaded to the function, three at a time, and parks what cannot be processed", async () => {
    await start(definition);
    for (let i = 0; i < 6; i++) await stack.s3.put("csv-uploads", `in/${i}.csv`, csv("1,a", "2,b"));
    await stack.s3.put("csv-uploads", "in/notes.txt", "no CSV");
    await stack.s3.put("csv-uploads", "in/broken.csv", "nothing");
    await stack.s3.put("csv-uploads", "in/ä b+c.csv", csv("1,down"));
    await stack.clock.advance("150s");

    const [history = []] = await histories();
    expect(outputOf(history)).toEqual(
      expect.arrayContaining([
        ...Array.from({ length: 6 }, (_, i) => ({ key: `in/${i}.csv`, rows: 2 })),
        { key: "in/broken.csv", error: "Rejected" },
        { key: "in/ä b+c.csv", error: "RetryableError" },
      ]),
    );
    expect(mostAtOnce(history)).toBe(3);
    // Six files and the one that is refused once each, and the one for which the API is down three times.
    expect(stack.invocations("process-csv").map(({ error }) => error?.errorType)).toEqual(
      expect.arrayContaining(["RetryableError", "RetryableError", "RetryableError"]),
    );
    expect(stack.invocations("process-csv")).toHaveLength(10);
    const parked = await stack.sqs.receive("csv-parked", 10);
    expect(
      parked.map(({ body }) => (JSON.parse(body) as { detail: { object: { key: string } } }).detail.object.key).sort(),
    ).toEqual(["in/broken.csv", "in/ä b+c.csv"]);
    // Nothing is left, and nothing comes back when the time of visibility is up.
    await stack.clock.advance("16m");
    expect(stack.invocations("process-csv")).toHaveLength(10);
    expect(await stack.sqs.receive("csv-jobs")).toEqual([]);
    expect(await stack.sqs.receive("csv-jobs-dlq")).toEqual([]);
  });

  it("processes a file once, however often it is uploaded or announced", async () => {
    await start(definition);
    await stack.s3.put("csv-uploads", "a.csv", csv("1,a"));
    await stack.clock.advance("2m");
    await stack.s3.put("csv-uploads", "a.csv", csv("1,a"));
    await stack.clock.advance("2m");
    expect(stack.invocations("process-csv").map(({ payload }) => payload)).toEqual([
      { statusCode: 200, rows: 1 },
      { statusCode: 200, rows: 0, duplicate: true },
    ]);
  });
});
