/** Activities and task tokens through the official SDK. */
import {
  CreateActivityCommand,
  DeleteActivityCommand,
  DescribeActivityCommand,
  GetActivityTaskCommand,
  ListActivitiesCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
} from "@aws-sdk/client-sfn";
import type { ServerResponse } from "node:http";
import type { ServiceRequest } from "../../../src/services/service.js";
import { Activities } from "../../../src/services/states/executions/activities.js";
import { Callbacks } from "../../../src/services/states/executions/callbacks.js";
import { CALLBACK, PREFIX, refusal, world, type World } from "./world.js";

const ARN = `${PREFIX}activity:`;

describe("Activities and task tokens", () => {
  let w: World;
  beforeAll(async () => {
    w = await world();
  });
  afterAll(() => w.stop());
  const made = async (name: string): Promise<string> =>
    (await w.sfn.send(new CreateActivityCommand({ name }))).activityArn ?? "";
  const working = (name: string, more: object = {}): Promise<string> =>
    w.machine(
      `m-${name}`,
      JSON.stringify({
        StartAt: "Work",
        States: { Work: { Type: "Task", Resource: `${ARN}${name}`, ...more, End: true } },
      }),
    );

  test("activities are made, made again, described, listed and deleted", async () => {
    const activityArn = await made("listed");
    expect(activityArn).toBe(`${ARN}listed`);
    expect(await made("listed")).toBe(activityArn);
    expect(await w.sfn.send(new DescribeActivityCommand({ activityArn }))).toMatchObject({
      activityArn,
      name: "listed",
    });
    expect((await w.sfn.send(new ListActivitiesCommand({}))).activities).toMatchObject([{ name: "listed" }]);
    await w.sfn.send(new DeleteActivityCommand({ activityArn }));
    const gone = ["ActivityDoesNotExist", `Activity Does Not Exist: '${activityArn}'`];
    expect(await refusal(w.sfn.send(new DescribeActivityCommand({ activityArn })))).toEqual(gone);
    expect(await refusal(w.sfn.send(new GetActivityTaskCommand({ activityArn })))).toEqual(gone);
    expect(await refusal(made("a{b"))).toEqual(["InvalidName", "Invalid Name: 'a{b'"]);
  });

  test("a worker that waits gets the next task, and its answer is the result", async () => {
    const activityArn = await made("waited");
    const polled = w.sfn.send(new GetActivityTaskCommand({ activityArn, workerName: "joe" }));
    const executionArn = await w.start(await working("waited"), '{"n":1}');
    const { taskToken, input } = await polled;
    expect(input).toBe('{"n":1}');
    await w.sfn.send(new SendTaskHeartbeatCommand({ taskToken }));
    await w.sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{"n":2}' }));
    expect(await w.ended(executionArn)).toMatchObject({ status: "SUCCEEDED", output: '{"n":2}' });
    const started = (await w.history(executionArn)).find(({ type }) => type === "ActivityStarted");
    expect(started?.activityStartedEventDetails?.workerName).toBe("joe");
    // The token has been used.
    expect(await refusal(w.sfn.send(new SendTaskSuccessCommand({ taskToken, output: "1" })))).toEqual([
      "TaskTimedOut",
      "Task Timed Out: 'Provided task does not exist anymore'",
    ]);
  });

  test("a task that waits is given to one worker, and a poll ends after a minute", async () => {
    const activityArn = await made("queued");
    const executionArn = await w.start(await working("queued"));
    await w.nextCall();
    const first = await w.sfn.send(new GetActivityTaskCommand({ activityArn }));
    expect(first.taskToken).toBeDefined();
    const second = w.sfn.send(new GetActivityTaskCommand({ activityArn }));
    const minutes = { over: false };
    void second.then(() => (minutes.over = true));
    while (!minutes.over) await w.served.clock.advance(60_000);
    expect((await second).taskToken).toBeUndefined();
    await w.sfn.send(new SendTaskFailureCommand({ taskToken: first.taskToken, error: "Sorry", cause: "could not" }));
    expect(await w.ended(executionArn)).toMatchObject({ status: "FAILED", error: "Sorry", cause: "could not" });
  });

  test("a worker that went away takes no task", async () => {
    const activityArn = await made("left");
    const { service } = w.served;
    const handle = service.handle.bind(service);
    const leaving = new AbortController();
    const gone = new Promise<void>((resolve) =>
      Object.assign(service, {
        handle: (request: ServiceRequest, response: ServerResponse) => {
          response.once("close", resolve);
          setImmediate(() => leaving.abort());
          return handle(request, response);
        },
      }),
    );
    await refusal(w.sfn.send(new GetActivityTaskCommand({ activityArn }), { abortSignal: leaving.signal }));
    await gone;
    Object.assign(service, { handle });
    const executionArn = await w.start(await working("left"));
    const { taskToken } = await w.sfn.send(new GetActivityTaskCommand({ activityArn }));
    await w.sfn.send(new SendTaskSuccessCommand({ taskToken, output: "{}" }));
    expect((await w.ended(executionArn)).status).toBe("SUCCEEDED");
  });

  test("a poll whose worker left before it began takes no task", async () => {
    const callbacks = new Callbacks();
    const activities = new Activities(w.served.clock, callbacks);
    expect(await activities.poll(ARN, undefined, AbortSignal.abort())).toBeUndefined();
  });

  test("heartbeats keep a task alive, and their absence fails it", async () => {
    const definition = JSON.parse(CALLBACK) as { States: { Ask: object } };
    const Ask = { ...definition.States.Ask, HeartbeatSeconds: 10 };
    const executionArn = await w.start(await w.machine("beating", JSON.stringify({ ...definition, States: { Ask } })));
    let call = await w.nextCall();
    while (call.executionArn !== executionArn) call = await w.nextCall();
    await w.served.clock.advance(9000);
    await w.sfn.send(new SendTaskHeartbeatCommand({ taskToken: call.token }));
    await w.served.clock.advance(9000);
    expect(w.served.service.running()).toEqual([executionArn]);
    await w.served.clock.advance(1000);
    expect(await w.ended(executionArn)).toMatchObject({ status: "FAILED" });
  });

  test("tokens and outputs that cannot be are refused", async () => {
    const send = (taskToken: string, output: string): Promise<unknown> =>
      refusal(w.sfn.send(new SendTaskSuccessCommand({ taskToken, output })));
    expect(await send("no token", "{}")).toEqual(["InvalidToken", "Invalid Token: 'Invalid token'"]);
    expect(await send("A".repeat(100), "no")).toEqual([
      "InvalidOutput",
      "Invalid Output: 'Unrecognized token 'no': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')'",
    ]);
  });
});
