/** What becomes of executions when the process ends under them. */
import { join } from "node:path";
import { createCredentials } from "../../../src/services/kit/credentials.js";
import { StateStore } from "../../../src/services/kit/state-store.js";
import type { ServiceContext } from "../../../src/services/service.js";
import { createStatesService, type StatesService } from "../../../src/services/states/index.js";
import type { TaskRunner } from "../../../src/services/states/interpreter/task-runner.js";
import { StatesStore } from "../../../src/services/states/store.js";
import { Bus } from "../../../src/shared/bus.js";
import { realClock } from "../../../src/shared/clock.js";
import { silentLogger } from "../../../src/shared/logger.js";
import { killableProgram } from "../../killed-program.js";
import { ROLE } from "./world.js";

const realm = { region: "us-east-1", accountId: "000000000000" };
const source = (path: string): string => JSON.stringify(join(process.cwd(), "src", path));

/** Starts one execution, tells its ARN and that its task has come, and then waits to be killed. */
const PROGRAM = `
import { createStatesService } from ${source("services/states/index.ts")};
import { StateStore } from ${source("services/kit/state-store.ts")};
import { realClock } from ${source("shared/clock.ts")};
import { Bus } from ${source("shared/bus.ts")};
import { silentLogger } from ${source("shared/logger.ts")};
const store = StateStore.open({ folder: process.argv[2] });
const service = createStatesService(
  { store, clock: realClock, bus: new Bus(), realm: ${JSON.stringify(realm)}, log: silentLogger },
  { tasks: () => ({ run: () => { process.send({ task: true }); return new Promise(() => setInterval(() => {}, 1000)); } }) },
);
const [definition, type] = process.argv.slice(3);
service
  .declare({ name: "m", type, definition, roleArn: ${JSON.stringify(ROLE)} })
  .then(({ stateMachineArn }) => service.startExecution({ stateMachineArn, name: "one", input: '{"n":1}' }))
  .then(({ executionArn }) => process.send({ executionArn }));
`;

const DEFINITION = JSON.stringify({
  StartAt: "First",
  States: {
    First: { Type: "Pass", Assign: { "kept.$": "$$.Execution.Input.n" }, Result: "passed", Next: "Work" },
    Work: { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Parameters: { FunctionName: "f" }, Next: "Last" },
    Last: { Type: "Pass", Parameters: { "kept.$": "$kept", "work.$": "$" }, End: true },
  },
});

const contextOf = (store: StateStore): ServiceContext => ({
  store,
  clock: realClock,
  bus: new Bus(),
  realm,
  log: silentLogger,
  credentials: createCredentials({ realm, clock: realClock, secret: () => store.secret }),
  endpoint: () => "",
});

describe("Executions of a process that was killed", () => {
  const program = killableProgram("states-kill", PROGRAM);
  const { folder } = program;
  afterAll(() => program.remove());

  /** Resolves with the ARN of the execution, once the process is dead. */
  async function killed(state: string, type: string, definition = DEFINITION): Promise<string> {
    const { child, exited } = program.start([state, definition, type]);
    let arn = "";
    let task = false;
    await new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error("it has ended by itself")));
      child.on("message", (message: { executionArn?: string; task?: boolean }) => {
        arn = message.executionArn ?? arn;
        task ||= message.task ?? false;
        if (arn !== "" && task) resolve();
      });
    });
    child.kill("SIGKILL");
    await exited;
    return arn;
  }

  async function goOn(state: string, tasks: TaskRunner, use: (service: StatesService, rows: StatesStore) => unknown) {
    const store = StateStore.open({ folder: state });
    const service = createStatesService(contextOf(store), { tasks: () => tasks });
    try {
      await service.resume();
      await use(service, new StatesStore(store));
    } finally {
      await service.close();
      await store.close();
    }
  }

  test("an acknowledged execution goes on at the state that it was in", async () => {
    const state = join(folder, "standard");
    const arn = await killed(state, "STANDARD");
    await goOn(state, { run: () => Promise.resolve("worked") }, async (service, rows) => {
      const end = await service.executionEnded(arn, AbortSignal.timeout(5000));
      expect(end).toMatchObject({ status: "SUCCEEDED", output: '{"kept":1,"work":"worked"}' });
      const events = [...rows.history(arn, { after: undefined, reverse: false })];
      expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
      const types = events.map(({ type }) => type);
      expect(types.filter((type) => /^(ExecutionStarted|TaskStateEntered|TaskScheduled)$/.test(type))).toHaveLength(3);
      expect(rows.running()).toEqual([]);
    });
  });

  test("events of the state that starts anew are not left behind a shorter history", async () => {
    const state = join(folder, "shorter");
    const arn = await killed(state, "STANDARD");
    await goOn(
      state,
      // It fails before the task is scheduled; the last process had come further.
      { run: () => Promise.resolve("worked"), faults: () => Promise.resolve(["no"]) },
      async (service, rows) => {
        expect((await service.executionEnded(arn, AbortSignal.timeout(5000))).status).toBe("FAILED");
        const [last, before] = [...rows.history(arn, { after: undefined, reverse: true })];
        expect([last?.type, before?.type]).toEqual(["ExecutionFailed", "TaskStateEntered"]);
      },
    );
  });

  test("a service that closes leaves its executions to the next one", async () => {
    const state = join(folder, "stopped");
    const arn = await killed(state, "STANDARD");
    // A closed service leaves its executions as they are.
    await goOn(
      state,
      {
        run: (_, __, signal) =>
          new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error()))),
      },
      (service) => expect(service.running()).toEqual([arn]),
    );
    const store = StateStore.open({ folder: state });
    expect(new StatesStore(store).execution(arn)?.status).toBe("RUNNING");
    await store.close();
    await goOn(state, { run: () => Promise.reject(new Error("never mind")) }, async (service) => {
      expect((await service.executionEnded(arn, AbortSignal.timeout(5000))).status).toBe("FAILED");
    });
  });

  test("an execution can be stopped before anything has taken it up", async () => {
    const state = join(folder, "waiting");
    const arn = await killed(state, "STANDARD");
    const store = StateStore.open({ folder: state });
    const service = createStatesService(contextOf(store), { tasks: () => ({ run: () => Promise.resolve("late") }) });
    await service.stopExecution(arn, "Enough");
    await service.resume();
    expect(service.running()).toEqual([]);
    expect(service.execution(arn)).toMatchObject({ status: "ABORTED", error: "Enough" });
    expect([...new StatesStore(store).history(arn, { after: undefined, reverse: true })][0]?.type).toBe(
      "ExecutionAborted",
    );
    await store.close();
  });

  test("a distributed Map starts anew: its Map Run and the children of that are aborted", async () => {
    const state = join(folder, "map");
    const Work = {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke",
      Parameters: { FunctionName: "f" },
      End: true,
    };
    const ItemProcessor = {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
      StartAt: "Work",
      States: { Work },
    };
    const Each = { Type: "Map", ItemsPath: "$.list", ItemProcessor, End: true };
    const First = { Type: "Pass", Result: { list: [1, 2] }, Next: "Each" };
    const arn = await killed(state, "STANDARD", JSON.stringify({ StartAt: "First", States: { First, Each } }));
    await goOn(state, { run: () => Promise.resolve("worked") }, async (service, rows) => {
      const end = await service.executionEnded(arn, AbortSignal.timeout(5000));
      expect(end).toMatchObject({ status: "SUCCEEDED", output: '["worked","worked"]' });
      const runs = rows.mapRunsOf(arn);
      expect(
        runs
          .map(({ status, items }) => [status, items.running])
          .toSorted(([a], [b]) => String(a).localeCompare(String(b))),
      ).toEqual([
        ["ABORTED", 0],
        ["SUCCEEDED", 0],
      ]);
      const left = runs.find(({ status }) => status === "ABORTED")?.arn ?? "";
      const children = [...rows.executionsOfMapRun(left)];
      expect(children.length).toBeGreaterThan(0);
      expect(new Set(children.map(({ status }) => status))).toEqual(new Set(["ABORTED"]));
    });
  });

  test("an Express execution goes on, too, and leaves no row", async () => {
    const state = join(folder, "express");
    const arn = await killed(state, "EXPRESS");
    expect(arn).toContain(":express:m:one:");
    await goOn(state, { run: () => Promise.resolve("worked") }, async (service, rows) => {
      while (service.running().length > 0) await new Promise((resolve) => setImmediate(resolve));
      expect([rows.execution(arn), rows.running()]).toEqual([undefined, []]);
    });
  });
});
