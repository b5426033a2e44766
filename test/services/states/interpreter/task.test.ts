/** Task states: the call, its events, its deadlines. */
import { StatesError } from "../../../../src/services/states/interpreter/states-error.js";
import type { TaskCall, TaskProgress } from "../../../../src/services/states/interpreter/task-runner.js";
import type { Definition } from "../../../../src/services/states/interpreter/definition.js";
import type { JsonObject } from "../../../../src/config/json.js";
import { detailsOf, FUNCTION, links, runToEnd, start } from "./execution.js";

const CALLBACK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
const ACTIVITY = "arn:aws:states:eu-west-1:000000000000:activity:pack";

const task = (resource: string, more: JsonObject = {}): Definition => ({
  StartAt: "Work",
  States: { Work: { Type: "Task", Resource: resource, End: true, ...more } },
});
const forever = (): Promise<never> => new Promise(() => undefined);

describe("a Task state", () => {
  it("has events of their own kind for a function that stands as the resource", async () => {
    const { events } = await runToEnd(
      task(FUNCTION, { TimeoutSeconds: 5 }),
      { n: 1 },
      { work: () => Promise.resolve([2]) },
    );
    expect(links(events).slice(2, 5)).toEqual([
      "3 < 2 LambdaFunctionScheduled",
      "4 < 3 LambdaFunctionStarted",
      "5 < 4 LambdaFunctionSucceeded",
    ]);
    expect(events[2]?.details).toEqual([
      "lambdaFunctionScheduledEventDetails",
      { resource: FUNCTION, input: '{"n":1}', inputDetails: { truncated: false }, timeoutInSeconds: 5 },
    ]);
    expect(events[3]?.details).toBeUndefined();
    expect(events[4]?.details).toEqual([
      "lambdaFunctionSucceededEventDetails",
      { output: "[2]", outputDetails: { truncated: false } },
    ]);
  });

  it("says of an integration its service, its action with the pattern, and the region", async () => {
    const { events } = await runToEnd(
      task("arn:aws:states:::states:startExecution.sync:2", { Parameters: { Name: "x" } }),
      {},
      {
        work: (_call, progress) => {
          progress.submitted({ ExecutionArn: "arn" });
          return Promise.resolve("done");
        },
      },
    );
    const of = { resourceType: "states", resource: "startExecution.sync:2" };
    expect(links(events).slice(2, 6)).toEqual([
      "3 < 2 TaskScheduled",
      "4 < 3 TaskStarted",
      "5 < 4 TaskSubmitted",
      "6 < 5 TaskSucceeded",
    ]);
    expect(detailsOf(events, "TaskScheduled")).toEqual({ ...of, region: "eu-west-1", parameters: '{"Name":"x"}' });
    expect(detailsOf(events, "TaskStarted")).toEqual(of);
    expect(detailsOf(events, "TaskSubmitted")).toMatchObject({ ...of, output: '{"ExecutionArn":"arn"}' });
    expect(detailsOf(events, "TaskSucceeded")).toMatchObject({ ...of, output: '"done"' });
  });

  it("starts an activity when a worker takes it", async () => {
    const { events } = await runToEnd(
      task(ACTIVITY, { HeartbeatSeconds: 10 }),
      {},
      {
        work: (_call, progress) => {
          progress.started("packer-1");
          return Promise.resolve(null);
        },
      },
    );
    expect(links(events).slice(2, 5)).toEqual([
      "3 < 2 ActivityScheduled",
      "4 < 3 ActivityStarted",
      "5 < 4 ActivitySucceeded",
    ]);
    expect(detailsOf(events, "ActivityScheduled")).toMatchObject({ resource: ACTIVITY, heartbeatInSeconds: 10 });
    expect(detailsOf(events, "ActivityStarted")).toEqual({ workerName: "packer-1" });
  });

  it("hands the token of a callback to the parameters and to the call, and a new one at each retry", async () => {
    const calls: TaskCall[] = [];
    const { end } = await runToEnd(
      task(CALLBACK, {
        Parameters: { "Token.$": "$$.Task.Token" },
        Retry: [{ ErrorEquals: ["Again"], IntervalSeconds: 1 }],
      }),
      {},
      {
        work: (call) => {
          calls.push(call);
          return calls.length === 1 ? Promise.reject(new StatesError("Again")) : Promise.resolve("ok");
        },
      },
    );
    expect(end.status).toBe("SUCCEEDED");
    expect(calls.map((call) => call.parameters)).toEqual(calls.map((call) => ({ Token: call.token })));
    expect(calls[0]?.token).not.toBe(calls[1]?.token);
  });

  it("shows the role that its credentials name", async () => {
    const calls: TaskCall[] = [];
    const { events } = await runToEnd(
      task(FUNCTION, { Credentials: { "RoleArn.$": "$.role" } }),
      { role: "arn:aws:iam::111122223333:role/theirs" },
      {
        work: (call) => {
          calls.push(call);
          return Promise.resolve(null);
        },
      },
    );
    expect(calls[0]?.credentials).toEqual({ RoleArn: "arn:aws:iam::111122223333:role/theirs" });
    expect(detailsOf(events, "LambdaFunctionScheduled")).toMatchObject({
      taskCredentials: { roleArn: "arn:aws:iam::111122223333:role/theirs" },
    });
  });

  it("keeps the token of an activity out of the context object: GetActivityTask tells it", async () => {
    const calls: TaskCall[] = [];
    await runToEnd(
      task(ACTIVITY, { Parameters: { "context.$": "$$" } }),
      {},
      {
        work: (call) => {
          calls.push(call);
          return Promise.resolve(null);
        },
      },
    );
    expect(calls[0]?.token).toMatch(/^[\w+/]{600,}=*$/);
    expect(calls[0]?.parameters).toEqual({
      context: expect.not.objectContaining({ Task: expect.anything() }) as unknown,
    });
  });

  it("gives the failure of its work as it is, in the history and to the execution", async () => {
    const { end, events } = await runToEnd(
      task("arn:aws:states:::lambda:invoke"),
      {},
      {
        work: () => Promise.reject(new StatesError("OutOfStock", '{"errorMessage":"none left"}')),
      },
    );
    const failure = { error: "OutOfStock", cause: '{"errorMessage":"none left"}' };
    expect(end).toEqual({ status: "FAILED", ...failure });
    expect(detailsOf(events, "TaskFailed")).toEqual({ ...failure, resourceType: "lambda", resource: "invoke" });
    expect(links(events).slice(-2)).toEqual(["5 < 4 TaskFailed", "6 < 5 ExecutionFailed"]);
  });

  it("fails with States.DataLimitExceeded when its result is too large, which can be caught", async () => {
    const { end, events } = await runToEnd(
      {
        StartAt: "Work",
        States: {
          Work: {
            Type: "Task",
            Resource: "arn:aws:states:::lambda:invoke",
            End: true,
            Catch: [{ ErrorEquals: ["States.ALL"], Next: "Caught" }],
          },
          Caught: { Type: "Pass", End: true },
        },
      },
      {},
      { work: () => Promise.resolve("x".repeat(262_143)) },
    );
    expect(end).toEqual({
      status: "SUCCEEDED",
      output: {
        Error: "States.DataLimitExceeded",
        Cause:
          "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.",
      },
    });
    expect(events.map((event) => event.type)).toContain("TaskFailed");
  });

  it("schedules nothing when its parameters cannot start the work", async () => {
    const { end, events } = await runToEnd(
      task("arn:aws:states:::sqs:sendMessage", { Parameters: {} }),
      {},
      {
        faults: () => Promise.resolve(["The field 'QueueUrl' is required but was missing"]),
      },
    );
    expect(end).toEqual({
      status: "FAILED",
      error: "States.Runtime",
      cause:
        "An error occurred while executing the state 'Work' (entered at the event id #2). The Parameters '{}' could not be used to start the Task: [The field 'QueueUrl' is required but was missing]",
    });
    expect(links(events).at(-1)).toBe("3 < 2 ExecutionFailed");
  });

  it("evaluates its arguments before anything follows from its entry", async () => {
    const { events } = await runToEnd(
      {
        QueryLanguage: "JSONata",
        StartAt: "Before",
        States: {
          Before: { Type: "Pass", Next: "Work" },
          Work: { Type: "Task", Resource: FUNCTION, Arguments: "{% $nowhere %}", End: true },
        },
      },
      {},
    );
    expect(links(events).slice(3)).toEqual([
      "4 < 3 TaskStateEntered",
      "5 < 3 EvaluationFailed",
      "6 < 5 ExecutionFailed",
    ]);
  });
});

describe("the time of a task", () => {
  it("is up after TimeoutSeconds: its work is aborted and States.Timeout has no cause", async () => {
    let aborted = false;
    const { events, clock, end } = await start(
      task(FUNCTION, { TimeoutSecondsPath: "$.limit" }),
      { limit: 5 },
      {
        work: (_call, _progress, signal) => {
          signal.addEventListener("abort", () => (aborted = true));
          return forever();
        },
      },
    );
    await clock.advance(5000);
    await expect(end).resolves.toEqual({ status: "FAILED", error: "States.Timeout", cause: undefined });
    expect(aborted).toBe(true);
    expect(links(events).slice(-2)).toEqual(["5 < 4 LambdaFunctionTimedOut", "6 < 5 ExecutionFailed"]);
    expect(detailsOf(events, "LambdaFunctionTimedOut")).toEqual({ error: "States.Timeout" });
  });

  it("is up HeartbeatSeconds after the last heartbeat", async () => {
    let progress: TaskProgress | undefined;
    const { events, clock, end } = await start(
      task(CALLBACK, { HeartbeatSeconds: 10 }),
      {},
      {
        work: (_call, told) => {
          progress = told;
          return forever();
        },
      },
    );
    await clock.advance(9000);
    progress?.heartbeat();
    await clock.advance(9000);
    expect(events.map((event) => event.type)).not.toContain("TaskTimedOut");
    await clock.advance(1000);
    await expect(end).resolves.toMatchObject({ status: "FAILED", error: "States.Timeout" });
  });

  it("ends what its work can tell", async () => {
    let progress: TaskProgress | undefined;
    const { events, clock, end } = await start(
      task(CALLBACK, { TimeoutSeconds: 5 }),
      {},
      {
        work: (_call, told) => {
          progress = told;
          return forever();
        },
      },
    );
    await clock.advance(5000);
    await end;
    progress?.submitted({ MessageId: "late" });
    progress?.heartbeat();
    expect(links(events).at(-1)).toBe("6 < 5 ExecutionFailed");
    expect(clock.nextTimerAtMs()).toBeUndefined();
  });

  it("may be an expression", async () => {
    const { clock, end, events } = await start(
      { QueryLanguage: "JSONata", ...task(FUNCTION, { TimeoutSeconds: "{% $states.input.limit * 2 %}" }) },
      { limit: 3 },
      { work: forever },
    );
    await clock.advance(5999);
    expect(detailsOf(events, "LambdaFunctionScheduled")).toMatchObject({ timeoutInSeconds: 6 });
    await clock.advance(1);
    await expect(end).resolves.toMatchObject({ error: "States.Timeout" });
  });

  it("does not depend on heartbeats where a function stands as the resource: it cannot send any", async () => {
    const { events, clock } = await start(task(FUNCTION, { HeartbeatSeconds: 1 }), {}, { work: forever });
    await clock.advance(60_000);
    expect(links(events).at(-1)).toBe("4 < 3 LambdaFunctionStarted");
    expect(detailsOf(events, "LambdaFunctionScheduled")).not.toHaveProperty("heartbeatInSeconds");
  });

  it("cannot be taken from a value that is no number", async () => {
    const { end } = await runToEnd(task(FUNCTION, { TimeoutSecondsPath: "$.limit" }), { limit: "long" });
    expect(end).toMatchObject({
      error: "States.Runtime",
      cause: expect.stringMatching(
        /The TimeoutSecondsPath field refers to value "long" which is not a valid integer: \$\.limit$/,
      ) as unknown,
    });
  });
});
