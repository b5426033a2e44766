/** What makes durable functions fire, and who hears of their ends. */
import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeCommand } from "@aws-sdk/client-lambda";
import { askCounters } from "../../src/stack/counters.js";
import type { ProjectFolder } from "../cli/cli.js";
import { durableProject, handler, PATIENT, startWorld, template, type DurableWorld } from "./world.js";

const WORKER = `
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: worker
      Runtime: nodejs24.x
      Handler: worker.handler
      CodeUri: src
      Timeout: 20
      AutoPublishAlias: live
      DurableConfig: { ExecutionTimeout: 600 }
      DeadLetterQueue: { Type: SQS, TargetArn: !GetAtt Letters.Arn }
      Events:
        Work: { Type: SQS, Properties: { Queue: !GetAtt Work.Arn, BatchSize: 1 } }
        Upload: { Type: S3, Properties: { Bucket: !Ref Uploads, Events: "s3:ObjectCreated:*" } }
        Api: { Type: HttpApi, Properties: { Path: /work, Method: post } }
  Work: { Type: AWS::SQS::Queue, Properties: { VisibilityTimeout: 120 } }
  Letters: { Type: AWS::SQS::Queue }
  Told: { Type: AWS::SQS::Queue }
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: flow
      Definition:
        StartAt: Work
        States:
          Work:
            Type: Task
            Resource: arn:aws:states:::lambda:invoke
            Parameters: { FunctionName: "worker:live", Payload: { what: task } }
            OutputPath: $.Payload
            Next: Unqualified
          Unqualified: { Type: Task, Resource: !GetAtt Worker.Arn, End: true }
  Uploads: { Type: AWS::S3::Bucket, Properties: { BucketName: uploads } }
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [aws.lambda], detail-type: [Durable Execution Status Change] }
      Targets: [{ Id: told, Arn: !GetAtt Told.Arn }]
  Unqualified:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: unqualified
      Runtime: nodejs24.x
      Handler: worker.handler
      CodeUri: src
      DurableConfig: { ExecutionTimeout: 600 }
      Events: { Other: { Type: S3, Properties: { Bucket: !Ref Others, Events: "s3:ObjectCreated:*" } } }
  Long:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: long
      Runtime: nodejs24.x
      Handler: worker.handler
      CodeUri: src
      AutoPublishAlias: live
      DurableConfig: { ExecutionTimeout: 3600 }
      Events: { Jobs: { Type: SQS, Properties: { Queue: !GetAtt Jobs.Arn } } }
  Jobs: { Type: AWS::SQS::Queue }
  Others: { Type: AWS::S3::Bucket, Properties: { BucketName: others } }`;

let project: ProjectFolder;
let world: DurableWorld;
beforeAll(async () => {
  project = durableProject({
    "template.yaml": template(WORKER),
    "src/worker.js": handler(`
      const what = event.Records?.[0].body ?? event.Records?.[0].s3.object.key ?? event.body ?? event.what;
      await context.step("work", async () => console.log("working on " + what));
      await context.wait("rest", { minutes: 1 });
      if (what === "bad") throw new RangeError("bad work");
      return event.body === undefined ? what : { statusCode: 201, body: what };`),
  });
  world = await startWorld(project);
});
afterAll(async () => {
  await world.close();
  project.remove();
});

const worked = (what: string): number =>
  world.stack.invocations("worker").filter(({ logs }) => logs.some((line) => line.endsWith(`working on ${what}`)))
    .length;

describe("A durable function", () => {
  it("works on messages of a queue, which are gone when its execution has ended", async () => {
    const { stack } = world;
    await stack.sqs.send("Work", "message");
    await stack.waitFor(() => worked("message") === 1, PATIENT);
    await stack.clock.advance("3m");
    expect(stack.invocations("worker")).toHaveLength(2);
    expect(await stack.sqs.receive("Work")).toEqual([]);
  });

  it("takes notifications of a bucket, once each", async () => {
    const { stack } = world;
    await stack.s3.put("uploads", "a.txt", "a");
    await stack.waitFor(() => worked("a.txt") === 1, PATIENT);
    await stack.clock.advance("10m");
    expect(worked("a.txt")).toBe(1);
  });

  it("is a task of a state machine, which waits for its end and names a version of it", async () => {
    const { stack } = world;
    const flow = stack.execute("Flow");
    await stack.waitFor(() => worked("task") === 1, PATIENT);
    await stack.clock.advance("1m");
    expect(await flow).toMatchObject({ status: "FAILED", error: "Lambda.InvalidParameterValueException" });
    expect(worked("task")).toBe(1);
  });

  it("answers requests of an API", async () => {
    const { stack } = world;
    const answer = stack.http("/work", { method: "POST", body: "asked" });
    await stack.waitFor(() => worked("asked") === 1, PATIENT);
    await stack.clock.advance("1m");
    expect((await answer).status).toBe(201);
    expect(await (await answer).text()).toBe("asked");
  });

  it("leaves a dead letter when an event has failed it, and tells a bus how it goes", async () => {
    const { stack, client } = world;
    for (;;) if ((await stack.sqs.receive("Told")).length === 0) break;
    const Payload = JSON.stringify({ what: "bad" });
    const { DurableExecutionArn } = await client.send(
      new InvokeCommand({ FunctionName: "worker:live", InvocationType: "Event", Payload, DurableExecutionName: "n1" }),
    );
    await stack.clock.advance("1m");
    const [letter] = await stack.waitFor(async () => {
      const messages = await stack.sqs.receive("Letters");
      return messages.length > 0 && messages;
    }, PATIENT);
    expect(letter?.body).toBe(Payload);
    expect(await stack.durableExecution(DurableExecutionArn ?? "")).toEqual({
      executionArn: DurableExecutionArn,
      status: "FAILED",
      result: undefined,
      error: { errorType: "RangeError", errorMessage: "bad work" },
    });
    const told = (await stack.sqs.receive("Told")).map(({ body }) => JSON.parse(body) as { detail: object });
    expect(told.map(({ detail }) => detail)).toEqual([
      expect.objectContaining({
        durableExecutionArn: DurableExecutionArn,
        durableExecutionName: "n1",
        functionArn: "arn:aws:lambda:us-east-1:000000000000:function:worker:1",
        status: "RUNNING",
      }),
      expect.objectContaining({ durableExecutionArn: DurableExecutionArn, status: "FAILED" }),
    ]);
  });

  it("is no state machine to metrics and counters", async () => {
    const { stack } = world;
    const cloudWatch = new CloudWatchClient(stack.clientConfig);
    await stack.stack.measured();
    const { Metrics = [] } = await cloudWatch.send(new ListMetricsCommand({ Namespace: "AWS/States" }));
    cloudWatch.destroy();
    const machines = Metrics.flatMap(({ Dimensions = [] }) => Dimensions.map(({ Value }) => Value));
    expect([...new Set(machines)]).toEqual([expect.stringMatching(/:flow$/)]);
    expect(Object.keys((await askCounters(stack.stack)).machines)).toEqual(["flow"]);
  });

  it("is not fired by what waits longer than it may, and that is said", async () => {
    const { stack, notices } = world;
    await stack.sqs.send("Jobs", "job");
    await stack.clock.advance("1m");
    expect(stack.invocations("long")).toEqual([]);
    expect(notices).toContain(
      "Long is not fired by Jobs: its ExecutionTimeout is 3600 s, and who waits for an answer waits 900 s at most.",
    );
  });

  it("is not fired by what names no version and no alias of it, and that is said", async () => {
    const { stack, notices } = world;
    await stack.s3.put("others", "b.txt", "b");
    await stack.stack.activity.quiet();
    expect(stack.invocations("unqualified")).toEqual([]);
    expect(notices).toContain(
      "Unqualified is not fired by Other: a durable function is invoked by a version or alias (AutoPublishAlias makes one).",
    );
  });
});
