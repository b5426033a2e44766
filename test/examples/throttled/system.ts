/** The example of throttled processing in a stack of its own, in virtual time, with an API that answers at once. */
import { join } from "node:path";
import { ListExecutionsCommand, paginateGetExecutionHistory, SFNClient, type HistoryEvent } from "@aws-sdk/client-sfn";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { createStack, type TestStack } from "../../../src/index.js";
import { Sinks } from "./sinks.js";

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
  readonly machineArn: string;
  readonly sfn: SFNClient;
  readonly sqs: SQSClient;

  readonly sinks: Sinks;

  private constructor(stack: TestStack, sinks: Sinks, parameters: Parameters) {
    this.stack = stack;
    this.sinks = sinks;
    const name = parameters["QueryLanguage"] === "JSONata" ? "csv-drain-jsonata" : "csv-drain";
    this.machineArn = `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`;
    this.sfn = new SFNClient(stack.clientConfig);
    this.sqs = new SQSClient(stack.clientConfig);
  }

  static async start(parameters: Parameters = {}): Promise<System> {
    const sinks = await Sinks.start();
    const urls = { SplunkUrl: sinks.url, DynatraceUrl: sinks.url };
    try {
      const stack = await createStack({
        folder: FOLDER,
        clock: "virtual",
        config: { parameterOverrides: { ...QUICK, ...urls, ...parameters } },
      });
      return new System(stack, sinks, parameters);
    } catch (error) {
      await sinks.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.sfn.destroy();
    this.sqs.destroy();
    await this.stack.close();
    await this.sinks.close();
  }

  upload(key: string, ...rows: readonly string[]): Promise<unknown> {
    return this.stack.s3.put("csv-uploads", key, ["id,name", ...rows, ""].join("\n"));
  }

  /** Histories of the executions that have ended, oldest first. */
  async histories(): Promise<readonly (readonly HistoryEvent[])[]> {
    const { executions = [] } = await this.sfn.send(new ListExecutionsCommand({ stateMachineArn: this.machineArn }));
    const ended = executions.filter(({ status }) => status !== "RUNNING").reverse();
    return Promise.all(ended.map(({ executionArn = "" }) => this.history(executionArn)));
  }

  async running(): Promise<readonly string[]> {
    const { executions = [] } = await this.sfn.send(
      new ListExecutionsCommand({ stateMachineArn: this.machineArn, statusFilter: "RUNNING" }),
    );
    return executions.map(({ executionArn = "" }) => executionArn);
  }

  async history(executionArn: string): Promise<readonly HistoryEvent[]> {
    const pages = paginateGetExecutionHistory({ client: this.sfn, pageSize: 1000 }, { executionArn });
    const found: HistoryEvent[] = [];
    for await (const { events = [] } of pages) found.push(...events);
    return found;
  }

  /** Keys that the external API was asked for, and what it answered. */
  calls(): readonly {
    readonly row: Readonly<Record<string, string>>;
    readonly status: number;
    readonly key: string;
  }[] {
    return this.stack.invocations("external-api").map(({ event, payload }) => {
      const { body, headers } = event as { readonly body: string; readonly headers: Readonly<Record<string, string>> };
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
