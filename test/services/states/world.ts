/** The service behind a plain server, a client of it, and a task runner that the tests steer. */
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  type CreateStateMachineCommandInput,
  type DescribeExecutionCommandOutput,
  type HistoryEvent,
} from "@aws-sdk/client-sfn";
import type { Json } from "../../../src/config/json.js";
import { createStatesService, type StatesService } from "../../../src/services/states/index.js";
import type { TaskCall, TaskRunner } from "../../../src/services/states/interpreter/task-runner.js";
import { serveService, type ServedService } from "../harness.js";

export const ROLE = "arn:aws:iam::000000000000:role/r";
export const PREFIX = "arn:aws:states:us-east-1:000000000000:";

/** Ends after its input has gone through one Pass state. */
export const PASS = JSON.stringify({ StartAt: "Only", States: { Only: { Type: "Pass", End: true } } });
/** Waits for whoever has the token. */
export const CALLBACK = JSON.stringify({
  StartAt: "Ask",
  States: {
    Ask: {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      Parameters: { QueueUrl: "u", "MessageBody.$": "$$.Task.Token" },
      End: true,
    },
  },
});

export interface World {
  readonly served: ServedService<StatesService>;
  readonly sfn: SFNClient;
  /** Calls of tasks that have come, newest last. */
  readonly calls: TaskCall[];
  readonly logged: { readonly group: string; readonly stream: string; readonly line: Record<string, unknown> }[];
  /** Events for the default bus. */
  readonly told: Record<string, unknown>[];
  /** What tasks do that wait for no token. */
  work: (call: TaskCall) => Promise<Json>;
  machine(name: string, definition?: string, more?: Partial<CreateStateMachineCommandInput>): Promise<string>;
  start(stateMachineArn: string, input?: string, name?: string): Promise<string>;
  ended(executionArn: string): Promise<DescribeExecutionCommandOutput>;
  history(executionArn: string): Promise<HistoryEvent[]>;
  /** Resolves when a task has come that was not there before. */
  nextCall(): Promise<TaskCall>;
  stop(): Promise<void>;
}

export async function world(): Promise<World> {
  const calls: TaskCall[] = [];
  const logged: World["logged"] = [];
  const told: World["told"] = [];
  const waiting: ((call: TaskCall) => void)[] = [];
  let seen = 0;
  const tasks: TaskRunner = {
    run: async (call, progress, signal) => {
      calls.push(call);
      const ended = (): Promise<Json> =>
        call.resource.kind === "activity"
          ? served.service.activity(call, progress, signal)
          : call.token === undefined
            ? self.work(call)
            : served.service.callback(call.token, progress, signal);
      const result = ended();
      waiting.shift()?.(call);
      return result;
    },
  };
  const served = await serveService((context) =>
    createStatesService(context, {
      tasks: () => tasks,
      writeLog: (group, stream, lines) => {
        for (const { message } of lines)
          logged.push({ group, stream, line: JSON.parse(message) as Record<string, unknown> });
        return Promise.resolve();
      },
      logGroupExists: (group) => Promise.resolve(group === "/states"),
      putEvent: (event) => Promise.resolve(told.push(event)),
    }),
  );
  const sfn = new SFNClient({ ...served.client, disableHostPrefix: true });
  const self: World = {
    served,
    sfn,
    calls,
    logged,
    told,
    work: () => Promise.resolve({}),
    machine: async (name, definition = PASS, more = {}) =>
      (await sfn.send(new CreateStateMachineCommand({ name, definition, roleArn: ROLE, ...more }))).stateMachineArn ??
      "",
    start: async (stateMachineArn, input, name) =>
      (await sfn.send(new StartExecutionCommand({ stateMachineArn, input, name }))).executionArn ?? "",
    ended: async (executionArn) => {
      await served.service.executionEnded(executionArn, AbortSignal.timeout(5000));
      return sfn.send(new DescribeExecutionCommand({ executionArn }));
    },
    history: async (executionArn) => (await sfn.send(new GetExecutionHistoryCommand({ executionArn }))).events ?? [],
    nextCall: () => {
      const call = calls[seen++];
      if (call !== undefined) return Promise.resolve(call);
      return new Promise((resolve) => waiting.push(resolve));
    },
    stop: async () => {
      sfn.destroy();
      await served.stop();
    },
  };
  return self;
}

/** The code and text of a refusal; what was answered when there was none. */
export const refusal = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    (value) => value,
    (error: { name?: string; message?: string }) => [error.name, error.message],
  );
