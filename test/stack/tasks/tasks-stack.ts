/** A stack with functions and resources, and state machines of one task that are run through the API. */
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
  type HistoryEvent,
} from "@aws-sdk/client-sfn";
import { createStack, type TestStack } from "../../../src/index.js";
import type { LambdaRunConfig } from "../../../src/config/schema.js";
import type { JsonObject } from "../../../src/config/json.js";
import { ProjectFolder } from "../../cli/cli.js";
import { PATIENT } from "../../until.js";

export interface End {
  readonly status: string | undefined;
  /** Parsed. */
  readonly output: JsonObject;
  readonly error: string | undefined;
  /** Ids of requests are cut out. */
  readonly cause: string | undefined;
}

const ROLE = "arn:aws:iam::000000000000:role/machine";

export const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
export const optimised = (action: string): string => `arn:aws:states:::${action}`;
export const sdk = (action: string): string => `arn:aws:states:::aws-sdk:${action}`;

export class TasksStack {
  readonly stack: TestStack;
  readonly sfn: SFNClient;
  readonly #project: ProjectFolder;
  #machines = 0;

  private constructor(stack: TestStack, project: ProjectFolder) {
    this.stack = stack;
    this.sfn = new SFNClient(stack.clientConfig);
    this.#project = project;
  }

  static start(files: Readonly<Record<string, string>>): Promise<TasksStack> {
    return TasksStack.startIn(new ProjectFolder(files));
  }

  static async startIn(project: ProjectFolder, config: LambdaRunConfig = {}): Promise<TasksStack> {
    return new TasksStack(await createStack({ folder: project.folder, config }), project);
  }

  async create(definition: JsonObject): Promise<string> {
    const { stateMachineArn = "" } = await this.sfn.send(
      new CreateStateMachineCommand({
        name: `machine-${(this.#machines += 1)}`,
        definition: JSON.stringify(definition),
        roleArn: ROLE,
      }),
    );
    return stateMachineArn;
  }

  /** A machine of this one task; `Parameters` is the whole input unless the task has its own. */
  task(resource: string, members: JsonObject = {}): Promise<string> {
    const task = { Type: "Task", Resource: resource, End: true, ...members };
    return this.create({ StartAt: "Work", States: { Work: task } });
  }

  async start(stateMachineArn: string, input: unknown): Promise<string> {
    const { executionArn = "" } = await this.sfn.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    return executionArn;
  }

  async end(executionArn: string): Promise<End> {
    const { status, output, error, cause } = await this.stack.waitFor(async () => {
      const execution = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status !== "RUNNING" && execution;
    }, PATIENT);
    return {
      status,
      output: JSON.parse(output ?? "{}") as JsonObject,
      error,
      cause: cause?.replace(/(Request ID: )[^;,)]+/g, "$1ID"),
    };
  }

  /** Runs one task with these parameters to its end. */
  async run(resource: string, parameters: unknown, members: JsonObject = {}): Promise<End> {
    return this.end(await this.start(await this.task(resource, members), parameters));
  }

  async history(executionArn: string): Promise<HistoryEvent[]> {
    const { events = [] } = await this.sfn.send(new GetExecutionHistoryCommand({ executionArn }));
    return events;
  }

  /** Ends the stack, and leaves its folder. */
  async stop(): Promise<void> {
    this.sfn.destroy();
    await this.stack.close();
  }

  async close(): Promise<void> {
    await this.stop();
    this.#project.remove();
  }
}
