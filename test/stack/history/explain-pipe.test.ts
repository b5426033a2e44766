/** What `why` says of pipes. */
import { describeEvent } from "../../../src/stack/history/describe-event.js";
import { explain } from "../../../src/stack/history/explain.js";
import type { ExecutionRecord, InvocationRecord } from "../../../src/stack/history/records.js";
import { read } from "../../config/support.js";

const ROLE = "arn:aws:iam::000000000000:role/pipe";
const application = read(`
Transform: AWS::Serverless-2016-10-31
Resources:
  Inbox: { Type: AWS::SQS::Queue, Properties: { QueueName: inbox } }
  Other: { Type: AWS::SQS::Queue, Properties: { QueueName: other } }
  Fn: { Type: AWS::Serverless::Function, Properties: { FunctionName: fn, CodeUri: src, Handler: app.handler, Runtime: nodejs22.x } }
  Machine: { Type: AWS::Serverless::StateMachine, Properties: { Name: machine, Definition: { StartAt: A, States: { A: { Type: Pass, End: true } } } } }
  Third: { Type: AWS::Pipes::Pipe, Properties: { Name: third, RoleArn: ${ROLE}, Source: !GetAtt Inbox.Arn, Target: !Ref Machine } }
  First: { Type: AWS::Pipes::Pipe, Properties: { Name: first, RoleArn: ${ROLE}, Source: !GetAtt Inbox.Arn, Target: !GetAtt Fn.Arn } }
  Second: { Type: AWS::Pipes::Pipe, Properties: { Name: second, RoleArn: ${ROLE}, Source: !GetAtt Other.Arn, Enrichment: !GetAtt Fn.Arn, Target: !GetAtt Inbox.Arn } }
  Off: { Type: AWS::Pipes::Pipe, Properties: { Name: idle, DesiredState: STOPPED, RoleArn: ${ROLE}, Source: !GetAtt Other.Arn, Target: !GetAtt Fn.Arn } }
`);
const message = {
  messageId: "1",
  eventSource: "aws:sqs",
  eventSourceARN: "arn:aws:sqs:eu-central-1:123456789012:inbox",
};

it("names the pipe that started a machine", () => {
  const started: ExecutionRecord = {
    kind: "execution",
    id: "1",
    timeMs: 2,
    machineName: "machine",
    executionArn: "",
    status: "SUCCEEDED",
    durationMs: 1,
    input: JSON.stringify([message]),
    output: "{}",
  };
  const said = explain(started, application, []);
  expect([said.what, ...said.reasons.map(({ rule, because }) => `${rule}: ${because}`)]).toEqual([
    "Machine ran with an input of pipe: sqs inbox",
    "pipe Third (third): the machine is its target, and the event is a list",
  ]);
});

function reasons(event: unknown): string[] {
  const text = JSON.stringify(event);
  const record: InvocationRecord = {
    kind: "invocation",
    id: "1",
    timeMs: 2,
    functionName: "fn",
    event: text,
    status: "success",
    durationMs: 1,
    result: "null",
    logs: "",
    ...describeEvent(text),
  };
  const { what, reasons: found } = explain(record, application, []);
  return [what, ...found.map(({ matched, rule, because }) => `${matched ? "yes" : "no"} ${rule}: ${because}`)];
}

it("names the pipe whose source the records are of, and those that it was not", () => {
  expect(reasons([message, message])).toEqual([
    "fn ran with an event of pipe: sqs inbox and 1 more",
    "yes pipe First (first): the function is its target, and the event is a list",
    "no pipe Second (second): its source is other, the event is of inbox",
    "no pipe Off (idle): it is stopped",
  ]);
});

it("names every pipe that may have made a list of templates, and none for an object", () => {
  expect(reasons([{ id: 7 }]).slice(1)).toEqual([
    "yes pipe First (first): the function is its target, and the event is a list",
    "yes pipe Second (second): the function is its enrichment, and the event is a list",
    "no pipe Off (idle): it is stopped",
  ]);
  expect(reasons({ id: 7 }).slice(1)).toEqual(["yes invoke: it was called directly"]);
});
