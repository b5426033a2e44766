/** One fixture in a stack of its own, held against its expectation. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Json } from "../../config/json.js";
import { isJsonObject } from "../../config/json.js";
import { AppError, messageOf } from "../../shared/errors.js";
import { createStack, type CreateStackOptions, type Invocation, type TestStack } from "../create-stack.js";
import { queueInspector } from "../queue-inspector.js";
import type { TestCase } from "./discover.js";
import { readExpectation, type Expectation } from "./expectation.js";
import { fits, generalise, mismatches } from "./match.js";

export interface CaseResult {
  readonly test: TestCase;
  readonly functionName: string;
  /** Empty = passed. */
  readonly failures: readonly string[];
  readonly durationMs: number;
  readonly logs: readonly string[];
  readonly updated: boolean;
}

export interface CaseOptions {
  /** How the stack is made; seeds and isolation are the runner's. */
  readonly stack: CreateStackOptions;
  /** Writes what came out as the new expectation. */
  readonly update: boolean;
}

const MAX_PEEKED = 1000;

export async function runCase(test: TestCase, { stack: options, update }: CaseOptions): Promise<CaseResult> {
  const startedAt = performance.now();
  let functionName = "";
  let logs: readonly string[] = [];
  let failures: readonly string[];
  let updated = false;
  try {
    const expectation = readExpectation(test.expectation);
    functionName = expectation.function;
    const stack = await createStack({ ...options, seeds: true });
    try {
      await prepare(stack, expectation);
      const outcome = await stack.invoke(functionName, readFixture(test.fixture));
      ({ logs } = outcome);
      if (update) updated = rewrite(test.expectation, expectation, outcome);
      const held = update ? readExpectation(test.expectation) : expectation;
      failures = [...answerFailures(held, outcome), ...(await afterFailures(stack, held))];
    } finally {
      await stack.close();
    }
  } catch (error) {
    failures = [
      error instanceof AppError
        ? `${error.code} ${[error.what, error.where, error.why].filter(Boolean).join(": ")}`
        : messageOf(error),
    ];
  }
  return { test, functionName, failures, durationMs: performance.now() - startedAt, logs, updated };
}

function readFixture(file: string): Json {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new AppError("LR1003", {
      what: "The fixture is not valid JSON",
      where: file,
      why: messageOf(error),
      cause: error,
    });
  }
}

async function prepare(stack: TestStack, { before }: Expectation): Promise<void> {
  for (const { bucket, key, body } of before.objects) await stack.s3.put(bucket, key, textOf(body));
  for (const { table, item } of before.items) await stack.dynamodb.put(table, item);
  for (const { queue, body } of before.messages) await stack.sqs.send(queue, textOf(body));
}

const textOf = (body: Json): string => (typeof body === "string" ? body : JSON.stringify(body));

function answerFailures(expectation: Expectation, { payload, error, report, logs }: Invocation): string[] {
  const failures: string[] = [];
  const status = statusOf({ error, report });
  if (status !== expectation.status) {
    const why = error === undefined ? "" : ` (${error.errorType ?? "error"}: ${error.errorMessage})`;
    failures.push(`status: expected ${expectation.status}, got ${status}${why}`);
  }
  if (expectation.payload !== undefined && status === "success")
    failures.push(...mismatches(expectation.payload, payload as Json, "payload"));
  if (expectation.error !== undefined)
    failures.push(...mismatches(expectation.error, error as Json | undefined, "error"));
  for (const line of expectation.logs)
    if (!logs.some((one) => (line.startsWith("$") ? fits(line, one) : one.includes(line))))
      failures.push(`logs: no line has ${JSON.stringify(line)}`);
  const { maxDurationMs } = expectation;
  if (maxDurationMs !== undefined && report.durationMs > maxDurationMs)
    failures.push(`duration: expected at most ${maxDurationMs} ms, got ${report.durationMs} ms`);
  return failures;
}

function statusOf({ error, report }: Pick<Invocation, "error" | "report">): Expectation["status"] {
  if (report.status === "timeout") return "timeout";
  return error === undefined ? "success" : "error";
}

/** Looks again whenever something happens, until everything is there or time is up. */
async function afterFailures(stack: TestStack, { after }: Expectation): Promise<string[]> {
  const nothing = [after.objects, after.items, after.messages, after.invocations].every(({ length }) => length === 0);
  if (nothing) return [];
  let failures: string[] = [];
  try {
    await stack.waitFor(
      async () => {
        failures = await missing(stack, after);
        return failures.length === 0;
      },
      { timeoutMs: after.withinMs },
    );
    return [];
  } catch {
    // Time may have been up before the first look had an answer.
    return failures.length > 0 ? failures : missing(stack, after);
  }
}

async function missing(stack: TestStack, after: Expectation["after"]): Promise<string[]> {
  const failures: string[] = [];
  for (const { store, bucket, key, body } of after.objects) {
    const objects = store === undefined ? stack.s3 : stack.store(store);
    const keys = (await objects.list(bucket)).filter((one) => fits(key, one));
    if (keys.length === 0) failures.push(`after: no object ${key} in ${bucket}`);
    else if (body !== undefined) {
      const bodies = await Promise.all(
        keys.map(async (one) => parsed((await objects.get(bucket, one))?.toString("utf8") ?? "", body)),
      );
      if (!bodies.some((one) => fits(body, one)))
        failures.push(`after: no object ${key} in ${bucket} has the body: ${mismatches(body, bodies[0]).join("; ")}`);
    }
  }
  for (const { table, item } of after.items)
    if (!(await stack.dynamodb.scan(table)).some((one) => fits(item, one as Json)))
      failures.push(`after: no row ${JSON.stringify(item)} in ${table}`);
  for (const { queue, body = "$any" } of after.messages) {
    const bodies = await messagesOf(stack, queue);
    if (!bodies.some((one) => fits(body, parsed(one, body))))
      failures.push(`after: no message ${JSON.stringify(body)} in ${queue} (it has ${bodies.length})`);
  }
  for (const { function: name, status } of after.invocations)
    if (!stack.invocations(name).some((one) => statusOf(one) === status))
      failures.push(`after: ${name} has not run with ${status}`);
  return failures;
}

/** Without taking them: a mapping may still want them. */
async function messagesOf(stack: TestStack, queue: string): Promise<string[]> {
  const name = stack.stack.application.queues.find(({ logicalId }) => logicalId === queue)?.name ?? queue;
  const inspector = await queueInspector(stack.stack);
  return (await inspector.peek(name, MAX_PEEKED)).map(({ body }) => body);
}

/** JSON where more than text is expected. */
function parsed(text: string, expected: Json): Json {
  if (typeof expected === "string") return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** Status, answer or error as they came out; what a person wrote besides stays. */
function rewrite(file: string, expectation: Expectation, outcome: Invocation): boolean {
  const text = readFileSync(file, "utf8");
  const written = JSON.parse(text) as Json;
  const { status: _, payload: __, error: ___, ...kept } = isJsonObject(written) ? written : {};
  const status = statusOf(outcome);
  const { function: name, ...rest } = kept;
  const { errorType = "", errorMessage = "" } = outcome.error ?? {};
  // What fits already stays as it is written: it may be stricter or looser on purpose.
  const payload =
    expectation.payload !== undefined && fits(expectation.payload, outcome.payload as Json)
      ? expectation.payload
      : generalise(outcome.payload as Json);
  const next = {
    function: name ?? expectation.function,
    status,
    ...(status === "success" ? { payload } : { error: generalise({ errorType, errorMessage }) }),
    ...rest,
  };
  const nextText = `${JSON.stringify(next, null, 2)}\n`;
  if (nextText === text) return false;
  writeFileSync(file, nextText);
  return true;
}
