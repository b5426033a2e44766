/**
 * The example of throttled processing, in virtual time, with an API that answers at once. The tests of a file share one: what
 * was before `mark` is none of the next one's business.
 */
import { join } from "node:path";
import {
  ListExecutionsCommand,
  paginateGetExecutionHistory,
  SFNClient,
  StartExecutionCommand,
  type ExecutionListItem,
  type HistoryEvent,
} from "@aws-sdk/client-sfn";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createStack, type FinishedInvocation, type TestStack } from "../../../src/index.js";

export const FOLDER = join(__dirname, "..", "..", "..", "examples", "throttled");

const QUICK = {
  ApiLatencyMs: "0",
  ApiTimeoutMs: "60000",
  RetryBaseMs: "1",
  ReserveMs: "3000",
  TickSchedule: "rate(1 day)",
};

export type Parameters = Readonly<Record<string, string>>;

export class System {
  readonly stack: TestStack;
  readonly sfn: SFNClient;
  readonly sqs: SQSClient;
  /** The machine that runs by the schedule, where no test says otherwise. */
  machineArn: string;
  #marked: { readonly api: number; readonly processor: number; readonly executions: ReadonlySet<string> };

  private constructor(stack: TestStack, parameters: Parameters) {
    this.stack = stack;
    this.machineArn = machineArn(parameters["QueryLanguage"]);
    this.sfn = new SFNClient(stack.clientConfig);
    this.sqs = new SQSClient(stack.clientConfig);
    this.#marked = { api: 0, processor: 0, executions: new Set() };
  }

  static async start(parameters: Parameters = {}): Promise<System> {
    const stack = await createStack({
      folder: FOLDER,
      clock: "virtual",
      config: { parameterOverrides: { ...QUICK, ...parameters } },
    });
    return new System(stack, parameters);
  }

  async close(): Promise<void> {
    this.sfn.destroy();
    this.sqs.destroy();
    await this.stack.close();
  }

  /** `calls`, `processed` and `histories` begin here. No execution may be left that could take what comes. */
  async mark(): Promise<void> {
    const executions = await this.#executions();
    expect(executions.filter(({ status }) => status === "RUNNING")).toEqual([]);
    this.#marked = {
      api: this.stack.invocations("external-api").length,
      processor: this.stack.invocations("csv-processor").length,
      executions: new Set(executions.map(({ executionArn = "" }) => executionArn)),
    };
  }

  async startExecution(): Promise<string> {
    const { executionArn = "" } = await this.sfn.send(new StartExecutionCommand({ stateMachineArn: this.machineArn }));
    return executionArn;
  }

  upload(key: string, ...rows: readonly string[]): Promise<unknown> {
    return this.stack.s3.put("csv-uploads", key, ["id,name", ...rows, ""].join("\n"));
  }

  /** Histories of the executions that have ended, oldest first. */
  async histories(): Promise<readonly (readonly HistoryEvent[])[]> {
    const ended = (await this.#executions()).filter(
      ({ status, executionArn = "" }) => status !== "RUNNING" && !this.#marked.executions.has(executionArn),
    );
    return Promise.all(ended.reverse().map(({ executionArn = "" }) => this.history(executionArn)));
  }

  async #executions(): Promise<ExecutionListItem[]> {
    const { executions = [] } = await this.sfn.send(new ListExecutionsCommand({ stateMachineArn: this.machineArn }));
    return executions;
  }

  async history(executionArn: string): Promise<readonly HistoryEvent[]> {
    const pages = paginateGetExecutionHistory({ client: this.sfn, pageSize: 1000 }, { executionArn });
    const found: HistoryEvent[] = [];
    for await (const { events = [] } of pages) found.push(...events);
    return found;
  }

  /** Calls of the processor that have ended. */
  processed(): readonly FinishedInvocation[] {
    return this.stack.invocations("csv-processor").slice(this.#marked.processor);
  }

  /** Keys that the external API was asked for, and what it answered. */
  calls(): readonly {
    readonly row: Readonly<Record<string, string>>;
    readonly status: number;
    readonly key: string;
  }[] {
    return this.stack
      .invocations("external-api")
      .slice(this.#marked.api)
      .map(({ event, payload }) => {
        const { body, headers } = event as {
          readonly body: string;
          readonly headers: Readonly<Record<string, string>>;
        };
        return {
          row: JSON.parse(body) as Readonly<Record<string, string>>,
          status: (payload as { readonly statusCode: number }).statusCode,
          key: headers["idempotency-key"] ?? "",
        };
      });
  }

  async parked(): Promise<readonly { readonly key: string; readonly error: string; readonly redrives: string }[]> {
    const { Messages = [] } = await this.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: `${this.stack.endpoint}/000000000000/csv-parked`,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ["All"],
        VisibilityTimeout: 0,
      }),
    );
    return Messages.map(({ Body: body = "", MessageAttributes = {} }) => ({
      key: keyIn(body),
      error: MessageAttributes["error"]?.StringValue ?? "",
      redrives: MessageAttributes["redrives"]?.StringValue ?? "",
    })).sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

export const machineArn = (queryLanguage = "JSONPath"): string =>
  `arn:aws:states:us-east-1:000000000000:stateMachine:${queryLanguage === "JSONata" ? "csv-drain-jsonata" : "csv-drain"}`;

function keyIn(body: string): string {
  try {
    return (JSON.parse(body) as { readonly detail: { readonly object: { readonly key: string } } }).detail.object.key;
  } catch {
    return "";
  }
}

/** Iterations under way at the same time, at most. */
export function mostAtOnce(history: readonly HistoryEvent[]): number {
  let running = 0;
  let most = 0;
  for (const { type } of history) {
    if (type === "MapIterationStarted") most = Math.max(most, ++running);
    if (type === "MapIterationSucceeded") running -= 1;
  }
  return most;
}

export const outputOf = (history: readonly HistoryEvent[]): unknown =>
  JSON.parse(history.at(-1)?.executionSucceededEventDetails?.output ?? "null");
