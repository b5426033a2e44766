/** From the upload to the last queue, in both query languages of Step Functions. */
import { mostAtOnce, outputOf, System } from "./system.js";

jest.setTimeout(180_000);

describe.each(["JSONPath", "JSONata"])("the machine in %s", (QueryLanguage) => {
  let system: System;
  beforeAll(async () => (system = await System.start({ QueryLanguage })));
  beforeEach(() => system.mark());
  afterAll(() => system.close());

  it("ends after one long poll of an empty queue", async () => {
    await system.stack.clock.advance("75s");
    const [history = []] = await system.histories();
    const entered = history.flatMap(({ stateEnteredEventDetails: state }) => state?.name ?? []);
    expect(entered.filter((name) => name === "Receive")).toHaveLength(1);
    const tookMs = (history.at(-1)?.timestamp?.getTime() ?? 0) - (history[0]?.timestamp?.getTime() ?? 0);
    expect(tookMs).toBe(10_000);
    expect(outputOf(history)).toEqual({ rounds: 0 });
  });

  it("goes on in rounds while there is something in the queue", async () => {
    for (let i = 0; i < 11; i++) await system.upload(`high/${i}.csv`, `${i},a`);
    await system.stack.clock.advance("80s");
    const [history = []] = await system.histories();
    expect(outputOf(history)).toEqual({ rounds: 2 });
    expect(new Set(system.calls().map(({ row }) => row["id"])).size).toBe(11);
  });

  it("parks a message that is no event of an object, and the largest ten of them at once", async () => {
    const { stack } = system;
    const largest = "x".repeat(16_384);
    for (let i = 0; i < 9; i++) await stack.sqs.send("csv-jobs", largest);
    await system.upload("good.csv", "1,a");
    await expect(stack.sqs.send("csv-jobs", `${largest}x`)).rejects.toThrow(/must be shorter than 16384 bytes/);
    await stack.clock.advance("2m");
    const [history = []] = await system.histories();
    expect(outputOf(history)).toEqual({ rounds: 1 });
    expect(await stack.sqs.receive("csv-parked", 10)).toHaveLength(9);
    expect(system.calls()).toHaveLength(1);
  });

  it("takes each file to the processor, three at a time, and parks what cannot be processed; one failure leaves the others alone", async () => {
    const { stack } = system;
    for (let i = 0; i < 4; i++) await system.upload(`in/${i}.csv`, "1,a", "2,b");
    await stack.s3.put("csv-uploads", "in/notes.txt", "no CSV");
    await stack.s3.put("csv-uploads", "in/broken.csv", "nothing");
    await system.upload("in/ä b+c.csv", "1,down");
    await system.upload("in/refused.csv", "1,a", "2,broken", "3,c");
    await stack.clock.advance("150s");

    const [history = []] = await system.histories();
    expect(outputOf(history)).toEqual({ rounds: 1 });
    expect(mostAtOnce(history)).toBe(3);
    expect(await system.parked()).toMatchObject([
      { key: "in/broken.csv", error: "Rejected" },
      { key: "in/refused.csv", error: "Rejected" },
      { key: "in/ä b+c.csv", error: "RetryableError" },
    ]);
    // Every row of the good files once; the one for which the API is away three times in each of three calls.
    const statuses = system.calls().map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 503)).toHaveLength(9);
    expect(statuses.filter((status) => status === 400)).toHaveLength(1);
    // Nothing comes back when the time of visibility is up but what is put back: that for which the API was away.
    const calls = system.processed().length;
    await stack.clock.advance("21m");
    expect(system.processed()).toHaveLength(calls + 3);
    expect(await stack.sqs.depth("csv-jobs")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(await stack.sqs.receive("csv-jobs-dlq")).toEqual([]);
  });
});

it("AWS knows no schedule of thirty seconds, and so the template is refused", async () => {
  await expect(System.start({ DrainSchedule: "rate(30 seconds)" })).rejects.toThrow(/rate\(30 seconds\)/);
});
