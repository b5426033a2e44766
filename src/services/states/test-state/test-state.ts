/**
 * TestState: runs one state, with the work of tasks, branches and iterations mocked where the caller wants it so.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
 */
import type { Json } from "../../../config/json.js";
import type { Realm } from "../../../shared/arn.js";
import type { Clock } from "../../../shared/clock.js";
import type { JsonObject as Members } from "../../kit/json-protocol.js";
import { History } from "../interpreter/history.js";
import type { Exit, Frame, Probe, Run, Step } from "../interpreter/run.js";
import { runState, runStates } from "../interpreter/run-states.js";
import type { Variables } from "../interpreter/scope.js";
import type { Failure } from "../interpreter/states-error.js";
import { StatesError, TaskTimeout } from "../interpreter/states-error.js";
import type { TaskRunner } from "../interpreter/task-runner.js";
import { Turns } from "../interpreter/turns.js";
import { contextOf } from "./context.js";
import { Inspection } from "./inspection.js";
import { mockedMap } from "./map-inspection.js";
import type { Outcome } from "./mock.js";
import { outcomeOf, settle } from "./mock.js";
import type { TestStateRequest } from "./request.js";
import { readInput, readObject, readRequest } from "./request.js";
import type { Subject } from "./subject.js";
import { subjectOf } from "./subject.js";

const TIME_LIMIT_MS = 5 * 60 * 1000;

export interface Surroundings {
  readonly clock: Clock;
  readonly realm: Realm;
  readonly tasks: () => TaskRunner;
}

/** Ends the test where an execution would wait and try again. */
class WouldRetry extends Error {}

export async function testState(members: Members, around: Surroundings): Promise<Members> {
  const request = readRequest(members);
  const subject = subjectOf(request.definition, request.stateName);
  const outcome = await outcomeOf(request, subject);
  const input = readInput(request.input);
  const test = new Test(request, subject, outcome, input);
  const variables = request.variables === undefined ? {} : readObject(request.variables, "Variables");
  return test.run(around, variables);
}

class Test {
  readonly #request: TestStateRequest;
  readonly #subject: Subject;
  readonly #outcome: Outcome | undefined;
  readonly #input: Json;
  readonly #inspection: Inspection;
  /** What a retrier or a catcher takes. */
  #handled: Failure | undefined;

  constructor(request: TestStateRequest, subject: Subject, outcome: Outcome | undefined, input: Json) {
    this.#request = request;
    this.#subject = subject;
    this.#outcome = outcome;
    this.#input = input;
    this.#inspection = new Inspection(subject, input);
  }

  async run(around: Surroundings, variables: Variables): Promise<Members> {
    const ending = new AbortController();
    const cancel = around.clock.after(TIME_LIMIT_MS, () => ending.abort(new TaskTimeout(false)));
    const frame: Frame = { variables, previousEventId: 0, signal: ending.signal, map: undefined, nested: false };
    const { name, state, machineLanguage } = this.#subject;
    try {
      const machine = { StartAt: name, States: { [name]: state }, QueryLanguage: machineLanguage };
      const exit = await runState(machine, name, this.#input, this.#runIn(around), frame);
      return this.#left(exit, frame.variables);
    } catch (thrown) {
      if (thrown instanceof WouldRetry) {
        return this.#answer({ status: "RETRIABLE", ...shown(this.#handled ?? {}) });
      }
      if (!(thrown instanceof StatesError)) {
        throw thrown;
      }
      return this.#answer({ status: "FAILED", ...shown(thrown.failure) });
    } finally {
      cancel();
    }
  }

  #left({ output, next }: Exit, variables: Variables): Members {
    this.#inspection.variables(variables);
    const caught = this.#handled;
    return this.#answer({
      status: caught === undefined ? "SUCCEEDED" : "CAUGHT_ERROR",
      output: JSON.stringify(output),
      ...(next === undefined ? {} : { nextState: next }),
      ...shown(caught ?? {}),
    });
  }

  #answer(members: Members): Members {
    return this.#request.level === "INFO" ? members : { inspectionData: this.#inspection.members, ...members };
  }

  #runIn({ clock, realm, tasks }: Surroundings): Run {
    const context = contextOf(realm, this.#input, this.#request.roleArn, clock.now());
    return {
      executionArn: context.Execution.Id,
      context,
      queryLanguage: this.#subject.machineLanguage,
      clock,
      tasks: this.#outcome === undefined ? tasks() : mockedTask(this.#outcome),
      // Nobody reads it.
      history: new History({ append: () => undefined }, 0),
      mapRuns: undefined,
      runStates,
      turns: new Turns(),
      probe: this.#probe(),
    };
  }

  #probe(): Probe {
    const { context, configuration, level, revealSecrets } = this.#request;
    return {
      context: context === undefined ? undefined : readObject(context, "Context"),
      retriesDone: configuration.retrierRetryCount,
      branches: (step) => this.#branches(step),
      data: (stage, value) => this.#inspection.stage(stage, value),
      exchanged: (exchange) => {
        if (level !== "TRACE") return;
        const { request, revealedRequest, response } = exchange();
        this.#inspection.exchange(revealSecrets ? revealedRequest : request, response);
      },
      retrying: (retryIndex, delaySeconds, failure) => {
        this.#handled = failure;
        this.#inspection.errorDetails({ retryIndex, retryBackoffIntervalSeconds: Math.trunc(delaySeconds) });
        throw new WouldRetry();
      },
      caught: (catchIndex, failure) => {
        this.#handled = failure;
        this.#inspection.errorDetails({ catchIndex });
      },
    };
  }

  async #branches(step: Step): Promise<Json> {
    // Without a mock these states are refused.
    const outcome = this.#outcome ?? { kind: "result", result: [] };
    if (step.state.Type === "Map") {
      return mockedMap(step, outcome, this.#request.configuration, this.#inspection);
    }
    return settle(outcome);
  }
}

const mockedTask = (outcome: Outcome): TaskRunner => ({ run: async () => Promise.resolve(settle(outcome)) });

const shown = ({ error, cause }: Failure): Members => ({
  ...(error === undefined ? {} : { error }),
  ...(cause === undefined ? {} : { cause }),
});
