/** Small real handlers through host and sandbox: payload, function error, report and log lines are AWS's. */
import type { SandboxTier } from "../../src/runtime/sandbox/sandbox.js";
import { CLIENT_CASES } from "./client-cases.js";
import { bodyOf, FunctionHost, inParallel, tierName, TIERS } from "./function-host.js";
import {
  CONTEXT_CASES,
  END_CASES,
  ENVIRONMENT_CASES,
  ERROR_CASES,
  LOADING_CASES,
  RESULT_CASES,
  type CaseOutcome,
  type HandlerCase,
} from "./handler-cases.js";

const GROUPS: Readonly<Record<string, readonly HandlerCase[]>> = {
  "what a handler answers": RESULT_CASES,
  "the context": CONTEXT_CASES,
  "what a handler throws": ERROR_CASES,
  "how a handler is loaded": LOADING_CASES,
  "how a process ends": END_CASES,
  "what surrounds a handler": ENVIRONMENT_CASES,
  "what AWS's clients make of the unusual": CLIENT_CASES,
};
const WIDTH = 8;
/** AWS gives 10 s; the cases that overrun it do so for ever and need not be waited for so long. */
const SHORT_INIT_MS = 1500;
const PATIENCE_MS = 120_000;

async function run(
  functions: FunctionHost,
  { handler, folder = "node", config, events = [{}], request }: HandlerCase,
): Promise<CaseOutcome> {
  const made = functions.function(folder, handler, config);
  const results = [];
  for (const event of events) results.push(await functions.invoke(made, event, request));
  const last = results.at(-1);
  if (last === undefined) throw new Error("a case needs an event");
  return {
    config: made,
    results,
    last,
    bodies: results.map(bodyOfText),
    lines: [...functions.lines(made)],
    notices: functions.notices(made),
  };
}

/** Large answers are not parsed for nothing. */
function bodyOfText(result: CaseOutcome["last"]): unknown {
  return result.payload.length > 1_000_000 ? undefined : bodyOf(result);
}

function verify({ answers, fails, reportType, logs = [], check }: HandlerCase, outcome: CaseOutcome): void {
  const { last } = outcome;
  const body = outcome.bodies.at(-1);
  if (answers !== undefined) {
    expect(body).toEqual(answers);
    expect(last.functionError).toBeUndefined();
    expect(last.report.status).toBe("success");
  }
  if (fails !== undefined) {
    const { errorType, errorMessage, trace = "none" } = fails;
    const message =
      typeof errorMessage === "string"
        ? errorMessage.replace("<id>", last.requestId)
        : expect.stringMatching(errorMessage);
    const shape = { errorType, errorMessage: message };
    if (trace === "none") expect(body).toEqual(shape);
    else
      expect(body).toEqual({ ...shape, trace: trace === "empty" ? [] : expect.arrayContaining([expect.any(String)]) });
    // The order of the members is part of what people compare.
    expect(Object.keys(body as object)).toEqual(
      trace === "none" ? ["errorType", "errorMessage"] : ["errorType", "errorMessage", "trace"],
    );
    expect(last.functionError).toBe("Unhandled");
    expect(last.report.errorType).toBe(reportType);
  }
  for (const pattern of logs) expect(outcome.lines).toContainEqual(expect.stringMatching(pattern));
  check?.(outcome);
}

describe.each(TIERS.map((tier) => [tierName(tier), tier] as const))(
  "on %s tier",
  (_name, tier: SandboxTier | undefined) => {
    const options = tier === undefined ? {} : { sandboxTier: tier };
    const functions = new FunctionHost(options);
    const hasty = new FunctionHost({ ...options, initTimeoutMs: SHORT_INIT_MS });
    const cases = Object.values(GROUPS)
      .flat()
      .filter(({ namespacesOnly }) => tier !== "portable" || namespacesOnly !== true);
    const outcomes = new Map<HandlerCase, CaseOutcome | Error>();

    beforeAll(async () => {
      await inParallel(cases, WIDTH, async (one) => {
        outcomes.set(
          one,
          await run(one.shortInit === true ? hasty : functions, one).catch((error: unknown) =>
            error instanceof Error ? error : new Error(String(error)),
          ),
        );
      });
    }, PATIENCE_MS);
    afterAll(() => Promise.all([functions.close(), hasty.close()]));

    describe.each(Object.entries(GROUPS))("%s:", (_group, members) => {
      test.each(members.filter((one) => cases.includes(one)).map((one) => [one.that, one] as const))(
        "%s",
        (_that, one) => {
          const outcome = outcomes.get(one);
          if (outcome === undefined || outcome instanceof Error) throw outcome ?? new Error("was not run");
          expect(outcome.results).toHaveLength(one.events?.length ?? 1);
          verify(one, outcome);
        },
      );
    });
  },
);
