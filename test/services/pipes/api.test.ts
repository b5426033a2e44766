/** Pipes, their states and tags through the official SDK. */
import {
  ConflictException,
  CreatePipeCommand,
  DeletePipeCommand,
  DescribePipeCommand,
  ListPipesCommand,
  ListTagsForResourceCommand,
  NotFoundException,
  paginateListPipes,
  PipesClient,
  StartPipeCommand,
  StopPipeCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdatePipeCommand,
  type CreatePipeCommandInput,
} from "@aws-sdk/client-pipes";
import { createPipesService, type PipeRunner, type PipesService } from "../../../src/services/pipes/index.js";
import { until } from "../../until.js";
import { serveService, type ServedService } from "../harness.js";

const ROLE = "arn:aws:iam::000000000000:role/pipe";
const arn = (service: string, resource: string): string => `arn:aws:${service}:us-east-1:000000000000:${resource}`;
const STREAM = arn("dynamodb", "table/rows/stream/2026-01-01T00:00:00.000");

/** What a stack's runner is told, and what it answers. */
class RecordingRunner implements PipeRunner {
  readonly told: string[] = [];
  refusal: string | undefined;
  /** A start takes until then. */
  held: Promise<void> = Promise.resolve();

  async start({ name, target }: { readonly name: string; readonly target: string }): Promise<string | undefined> {
    this.told.push(`start ${name} ${target.split(":").at(-1)}`);
    await this.held;
    return this.refusal;
  }
  stop(name: string): Promise<void> {
    this.told.push(`stop ${name}`);
    return Promise.resolve();
  }
  remove(name: string): Promise<void> {
    this.told.push(`remove ${name}`);
    return Promise.resolve();
  }
}

describe("EventBridge Pipes", () => {
  let served: ServedService<PipesService>;
  let pipes: PipesClient;
  const runner = new RecordingRunner();

  beforeAll(async () => {
    served = await serveService((context) => createPipesService(context));
    await served.service.attach(runner);
    pipes = new PipesClient(served.client);
  });
  afterAll(async () => {
    pipes.destroy();
    await served.stop();
  });
  beforeEach(async () => {
    await served.service.reset();
    runner.told.length = 0;
    runner.refusal = undefined;
  });

  const wanted = (Name: string, more: Partial<CreatePipeCommandInput> = {}): CreatePipeCommandInput => ({
    Name,
    RoleArn: ROLE,
    Source: arn("sqs", "in"),
    Target: arn("sqs", "out"),
    ...more,
  });
  const create = (Name: string, more: Partial<CreatePipeCommandInput> = {}) =>
    pipes.send(new CreatePipeCommand(wanted(Name, more)));
  const describePipe = (Name: string) => pipes.send(new DescribePipeCommand({ Name }));
  const settled = (Name: string, state: string): Promise<void> =>
    until(async () => (await describePipe(Name)).CurrentState === state);
  const refusal = (sent: Promise<unknown>): Promise<string> =>
    sent.then(
      () => "none",
      (error: Error) => `${error.name}: ${error.message}`,
    );

  it("are made with an answer that says where they go, and are shown with what AWS fills in", async () => {
    const made = await create("one", { Description: "first", Tags: { team: "a" } });
    expect(made).toMatchObject({
      Arn: arn("pipes", "pipe/one"),
      Name: "one",
      CurrentState: "CREATING",
      DesiredState: "RUNNING",
    });
    expect(made.CreationTime).toEqual(new Date(served.clock.now()));
    await settled("one", "RUNNING");
    expect(await describePipe("one")).toMatchObject({
      Description: "first",
      Tags: { team: "a" },
      Source: arn("sqs", "in"),
      SourceParameters: { SqsQueueParameters: { BatchSize: 10, MaximumBatchingWindowInSeconds: 0 } },
      RoleArn: ROLE,
    });
    expect(runner.told).toEqual(["start one out"]);
  });

  it("go through their states: stopped, started, changed and deleted", async () => {
    await create("one");
    await settled("one", "RUNNING");
    expect(await pipes.send(new StopPipeCommand({ Name: "one" }))).toMatchObject({
      CurrentState: "STOPPING",
      DesiredState: "STOPPED",
    });
    await settled("one", "STOPPED");
    expect(await pipes.send(new StartPipeCommand({ Name: "one" }))).toMatchObject({ CurrentState: "STARTING" });
    await settled("one", "RUNNING");
    const update = { Name: "one", RoleArn: ROLE, Target: arn("lambda", "function:fn") };
    expect(await pipes.send(new UpdatePipeCommand(update))).toMatchObject({ CurrentState: "UPDATING" });
    await settled("one", "RUNNING");
    expect(await pipes.send(new DeletePipeCommand({ Name: "one" }))).toMatchObject({
      CurrentState: "DELETING",
      DesiredState: "DELETED",
    });
    await until(async () => (await refusal(describePipe("one"))) === "NotFoundException: Pipe one does not exist.");
    expect(runner.told).toEqual(["start one out", "stop one", "start one out", "start one fn", "remove one"]);
  });

  it("that cannot run say why, and are changed while they stand", async () => {
    runner.refusal = "Stream not found.";
    await create("one");
    await settled("one", "CREATE_FAILED");
    expect(await describePipe("one")).toMatchObject({ StateReason: "Stream not found.", DesiredState: "RUNNING" });
    runner.refusal = undefined;
    await pipes.send(new UpdatePipeCommand({ Name: "one", RoleArn: ROLE }));
    await settled("one", "RUNNING");
    expect((await describePipe("one")).StateReason).toBeUndefined();
    await served.service.stopped("one", "by itself");
    expect(await describePipe("one")).toMatchObject({ CurrentState: "STOPPED", StateReason: "by itself" });
  });

  it("that cannot go on while they are still being made stop once they run", async () => {
    let release = (): void => undefined;
    runner.held = new Promise((resolve) => (release = resolve));
    await create("one");
    await until(() => runner.told.length === 1);
    const stopped = served.service.stopped("one", "by itself");
    release();
    await stopped;
    expect(await describePipe("one")).toMatchObject({ CurrentState: "STOPPED", StateReason: "by itself" });
    expect(runner.told).toEqual(["start one out", "stop one"]);
  });

  it("that the template declares while they are being deleted are there again", async () => {
    await create("one");
    await settled("one", "RUNNING");
    const declared = new Promise<readonly string[]>((resolve, reject) => {
      jest.spyOn(runner, "remove").mockImplementationOnce(() => {
        served.service
          .declare([{ name: "one", input: { ...wanted("one", { Target: arn("sqs", "other") }) } }])
          .then(resolve, reject);
        return until(async () => (await describePipe("one")).CurrentState === "UPDATING");
      });
    });
    await pipes.send(new DeletePipeCommand({ Name: "one" }));
    expect(await declared).toEqual([]);
    expect(await describePipe("one")).toMatchObject({ CurrentState: "RUNNING", Target: arn("sqs", "other") });
  });

  it("keep of an update what it does not name, take parameters over whole, and keep their source", async () => {
    await create("one", {
      Source: STREAM,
      SourceParameters: {
        DynamoDBStreamParameters: { StartingPosition: "LATEST", BatchSize: 5, MaximumRetryAttempts: 2 },
        FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] },
      },
      Enrichment: arn("lambda", "function:fn"),
      TargetParameters: { InputTemplate: "x" },
    });
    await settled("one", "RUNNING");
    await pipes.send(
      new UpdatePipeCommand({
        Name: "one",
        RoleArn: ROLE,
        Enrichment: "",
        SourceParameters: { DynamoDBStreamParameters: { BatchSize: 7 } },
      }),
    );
    await settled("one", "RUNNING");
    const { SourceParameters, Enrichment, TargetParameters, Source } = await describePipe("one");
    expect([Source, Enrichment, TargetParameters]).toEqual([STREAM, undefined, { InputTemplate: "x" }]);
    expect(SourceParameters).toEqual({
      DynamoDBStreamParameters: { StartingPosition: "LATEST", BatchSize: 7 },
      FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] },
    });
  });

  it("are listed by name, source, target and state, page by page", async () => {
    for (const name of ["a1", "a2", "b1"]) await create(name, name === "a2" ? { DesiredState: "STOPPED" } : {});
    await settled("a2", "STOPPED");
    await settled("b1", "RUNNING");
    const names = async (input: object): Promise<unknown> =>
      (await pipes.send(new ListPipesCommand(input))).Pipes?.map(({ Name }) => Name);
    expect(await names({ NamePrefix: "a" })).toEqual(["a1", "a2"]);
    expect(await names({ CurrentState: "STOPPED" })).toEqual(["a2"]);
    expect(await names({ SourcePrefix: arn("sqs", "x") })).toEqual([]);
    const pages: unknown[] = [];
    for await (const page of paginateListPipes({ client: pipes, pageSize: 2 }, {}))
      pages.push(page.Pipes?.map(({ Name }) => Name));
    expect(pages).toEqual([["a1", "a2"], ["b1"]]);
  });

  it("have tags", async () => {
    await create("one", { Tags: { a: "1" } });
    const resourceArn = arn("pipes", "pipe/one");
    await pipes.send(new TagResourceCommand({ resourceArn, tags: { b: "2" } }));
    await pipes.send(new UntagResourceCommand({ resourceArn, tagKeys: ["a"] }));
    expect((await pipes.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual({ b: "2" });
    expect(await refusal(pipes.send(new ListTagsForResourceCommand({ resourceArn: arn("pipes", "pipe/no") })))).toBe(
      "NotFoundException: Pipe no does not exist.",
    );
  });

  it("refuse a name that is taken, a change in passing and a pipe that is not there by the errors of the model", async () => {
    let release = (): void => undefined;
    runner.held = new Promise((resolve) => (release = resolve));
    await create("one");
    await expect(pipes.send(new StopPipeCommand({ Name: "one" }))).rejects.toThrow(ConflictException);
    release();
    await settled("one", "RUNNING");
    await expect(create("one")).rejects.toThrow(ConflictException);
    await expect(describePipe("two")).rejects.toThrow(NotFoundException);
  });

  const invalid: readonly (readonly [what: string, more: Partial<CreatePipeCommandInput>, words: string])[] = [
    [
      "a batch below its bound",
      { SourceParameters: { SqsQueueParameters: { BatchSize: 0 } } },
      "[numeric instance is lower than the required minimum (minimum: 1, found: 0)]",
    ],
    ["a role that is none", { RoleArn: "nobody" }, 'does not match input string "nobody"'],
    ["no role at all", { RoleArn: undefined }, 'object has missing required properties (["RoleArn"])'],
    ["an unknown level", { LogConfiguration: { Level: "LOUD" as never } }, "not found in enum"],
    [
      "a stream without a position",
      { Source: STREAM },
      '{"ValidationErrorFields":[{"Name":"SourceParameters.DynamoDBStreamParameters","Message":"Missing required parameter."}]}',
    ],
    [
      "a batch that the target cannot take",
      { SourceParameters: { SqsQueueParameters: { BatchSize: 11 } } },
      "The target takes batches of 10 at most.",
    ],
    [
      "a filter that is no pattern",
      { SourceParameters: { FilterCriteria: { Filters: [{ Pattern: '{"a":1}' }] } } },
      "Invalid filter pattern",
    ],
    ["a FIFO queue without a group", { Target: arn("sqs", "out.fifo") }, "MessageGroupId"],
    ["a stream as target without a key", { Target: arn("kinesis", "stream/out") }, "PartitionKey"],
    ["a source of Kafka", { Source: arn("kafka", "cluster/a/b") }, "Sources of the kind kafka are not emulated"],
    ["an API destination", { Target: arn("events", "api-destination/a/b") }, "api-destination are not emulated"],
    [
      "a global endpoint",
      {
        Target: arn("events", "event-bus/b"),
        TargetParameters: { EventBridgeEventBusParameters: { EndpointId: "a.b" } },
      },
      "Global endpoints are not emulated",
    ],
    ["a source that is none", { Source: arn("s3", "bucket") }, "is not valid"],
    [
      "parameters of another source",
      { SourceParameters: { DynamoDBStreamParameters: { StartingPosition: "LATEST" } } },
      "do not belong",
    ],
    [
      "logs to a bucket",
      { LogConfiguration: { Level: "ERROR", S3LogDestination: { BucketName: "b", BucketOwner: "1" } } },
      "CloudWatch Logs alone",
    ],
  ];
  it.each(invalid)("refuse %s", async (_what, more, words) => {
    const said = await refusal(create("one", more));
    expect(said).toContain("ValidationException: ");
    expect(said).toContain(words);
    expect(await refusal(describePipe("one"))).toContain("NotFoundException");
  });
});
