/**
 * One execution environment: INIT, INVOKE, freeze, reset, SHUTDOWN. It owns a sandbox, a port with the Runtime,
 * Extensions and Telemetry APIs, and a log stream; it serves one invocation at a time.
 * AWS Lambda developer guide, "Understanding the Lambda execution environment lifecycle".
 */
import { arnOf } from "../shared/arn.js";
import { finalAnswer, forCaller, type InitEnd, type InvokeEnd } from "./answer.js";
import { identityOf, logStreamOf, type EnvironmentOptions } from "./environment-options.js";
import { environmentRoutes, type ApiParts } from "./environment-routes.js";
import { extensionVariables } from "./environment-variables.js";
import { Extensions, type ShutdownReason } from "./extensions.js";
import { timedOut, truncatedResponse } from "./failures.js";
import { initEndEvents, initStartEvent } from "./init-report.js";
import { makeReport, reportEvent, runtimeDoneEvent } from "./invocation-report.js";
import { durationOf } from "./limits/timeout.js";
import { LogCapture } from "./log-capture.js";
import { Phase } from "./phase.js";
import { tracingOf, type InitPhase, type Tracing } from "./platform-events.js";
import { Processes } from "./processes.js";
import { startRuntimeApi, type RuntimeApi } from "./runtime-api.js";
import { commandOf, startsInStandby, variablesOf } from "./runtime-start.js";
import { RuntimeSession, type Outcome } from "./runtime-session.js";
import type { Sandbox } from "./sandbox/sandbox.js";
import { runShutdown } from "./shutdown.js";
import { Telemetry } from "./telemetry.js";
import { MAX_SHARING_MS, UsageGauge } from "./usage-gauge.js";
import type { InvocationReport, InvokeRequest, InvokeResult, OnAnswer } from "./types.js";

export type EnvironmentState = "standby" | "initialising" | "idle" | "busy" | "reset" | "dead";

/** One invocation under way. */
interface Run {
  readonly requestId: string;
  readonly startedAt: number;
  readonly initDurationMs: number | undefined;
  readonly tracing: Tracing | undefined;
  readonly onAnswer: OnAnswer | undefined;
}

export class Environment {
  readonly id: string;
  readonly logStream: string;
  readonly #options: EnvironmentOptions;
  readonly #sandbox: Sandbox;
  readonly #gauge: UsageGauge;
  readonly #processes: Processes;
  readonly #capture: LogCapture;
  #api: RuntimeApi | undefined;
  #session!: RuntimeSession;
  #extensions!: Extensions;
  #telemetry!: Telemetry;
  #state: EnvironmentState = "standby";
  #initBegun = false;
  /** The sandbox could not be built, or has been ended: nothing will ever run here again. */
  #broken: Error | undefined;
  #phase: Phase<InitEnd | InvokeEnd> | undefined;
  #runtimeDone = false;
  #onAnswered: (() => void) | undefined;
  #outcome: Outcome | undefined;
  #afterwork: Promise<void> | undefined;
  /** INIT that runs or ran before anybody asked. */
  #firstInit: Promise<number | undefined> | undefined;
  /** A reset after the runtime died while idle; the next invocation waits for it. */
  #recovery: Promise<void> | undefined;

  private constructor(options: EnvironmentOptions) {
    this.#options = options;
    const { config, room } = options;
    this.id = room.id;
    this.logStream = logStreamOf(config, this.id);
    this.#capture = new LogCapture((record) => {
      this.#telemetry.record(record);
      if (record.text !== "") options.log(record, this.logStream);
    }, config.logging);
    this.#newSession();
    this.#sandbox = room.sandbox;
    this.#gauge = new UsageGauge(this.#sandbox);
    this.#sandbox.ready.catch((error: unknown) => {
      this.#broken ??= error instanceof Error ? error : new Error(String(error));
      this.#phase?.fail(this.#broken);
    });
    this.#processes = new Processes(room, options.plan, {
      runtimeExited: (exit) => (this.#phase === undefined ? this.#diedIdle() : this.#phase.end({ kind: "exit", exit })),
      extensionExited: (name, exit) => {
        const errorType = this.#extensions.failureOf(name, exit);
        if (this.#phase === undefined) this.#diedIdle();
        else this.#phase.end({ kind: "extension", errorType, exit });
      },
    });
    this.#capture.attach(this.#sandbox.output);
  }

  /** Opens the port and brings the environment up to the moment before INIT. */
  static async start(options: EnvironmentOptions): Promise<Environment> {
    const environment = new Environment(options);
    try {
      environment.#api = await startRuntimeApi(environmentRoutes(() => environment.#parts(), environment.#processes));
      environment.#startStandby();
      return environment;
    } catch (error) {
      await environment.destroy();
      throw error;
    }
  }

  get state(): EnvironmentState {
    return this.#broken === undefined && !this.#sandbox.isGone ? this.#state : "dead";
  }

  /** Work that goes on after the caller has its answer; until it is over the environment takes no further event. */
  get afterwork(): Promise<void> | undefined {
    return this.#afterwork;
  }

  /** Runs one event to its answer. Rejects only when the environment itself cannot be built; what a function does is in the result. */
  async invoke(request: InvokeRequest, requestId: string, onAnswer?: OnAnswer): Promise<InvokeResult> {
    const { config } = this.#options;
    const timeoutMs = config.timeoutSeconds * 1000;
    await this.#recovery;
    if (this.#broken !== undefined) throw this.#broken;
    this.#afterwork = undefined;
    this.#outcome = undefined;
    this.#capture.begin();
    const first = this.#firstInit ?? (this.#state === "standby" ? this.#initialiseFirst() : undefined);
    this.#firstInit = undefined;
    const initDurationMs = await first;

    const startedAt = performance.now();
    const deadlineMs = Date.now() + timeoutMs;
    // INIT that failed, or a reset after the last invocation: INIT runs again inside this one, at its expense.
    const suppressed = this.#state === "reset" ? (await this.#initialise("invoke", timeoutMs)).end : undefined;
    const tracing = tracingOf(request.traceHeader);
    this.#capture.platform({ type: "platform.start", record: { requestId, version: config.version, tracing } });
    const run: Run = { requestId, startedAt, initDurationMs, tracing, onAnswer };
    if (suppressed !== undefined && suppressed.kind !== "ready") return this.#conclude(run, suppressed);

    const functionArn = arnOf.function(this.#options.realm, config.name, request.qualifier);
    this.#state = "busy";
    this.#runtimeDone = false;
    const phase = this.#begin(timeoutMs - (performance.now() - startedAt));
    // Without extensions the answer is the end.
    const answered =
      this.#extensions.count === 0
        ? undefined
        : new Promise<"answered">((resolve) => (this.#onAnswered = () => resolve("answered")));
    this.#processes.thaw();
    this.#session.deliver({ requestId, deadlineMs, functionArn, request });
    this.#extensions.invoke({
      requestId,
      deadlineMs,
      invokedFunctionArn: functionArn,
      traceHeader: request.traceHeader,
    });
    const end = await (answered === undefined ? phase.ended : Promise.race([phase.ended, answered]));
    return this.#conclude(run, end === "answered" ? { kind: "done" } : end, end === "answered" ? phase : undefined);
  }

  /** For runtimes that cannot be held just before INIT: it runs now, and the environment freezes until its first event. */
  initialiseAhead(): void {
    if (this.#options.plan.initialisesAhead !== true || this.#state !== "standby") return;
    this.#firstInit = this.#initialiseFirst();
    this.#firstInit.then(() => this.freeze()).catch(() => undefined); // whoever invokes is told
  }

  /** SIGSTOP to the whole tree in a moment: nothing of the function runs until the next event. */
  freeze(): void {
    if (this.#state === "idle") this.#processes.freezeSoon();
  }

  /** SHUTDOWN phase: extensions are told and get their budget, then everything is killed. */
  async shutdown(reason: ShutdownReason = "SPINDOWN"): Promise<void> {
    if (this.#state === "dead") return;
    if (this.#broken === undefined) await runShutdown(reason, this.#parts(), this.#processes);
    await this.destroy();
  }

  /** Kills everything at once and removes every trace. */
  async destroy(): Promise<void> {
    this.#state = "dead";
    this.#broken ??= new Error("the execution environment has been ended");
    this.#processes.cancelFreeze();
    this.#telemetry.close();
    // Killed before its connections end: no runtime shall complain of that.
    const destroyed = this.#sandbox.destroy();
    this.#api?.close();
    await destroyed;
    this.#options.onDestroyed?.();
  }

  #begin(timeoutMs: number): Phase<InitEnd | InvokeEnd> {
    if (this.#broken !== undefined) throw this.#broken; // or it would last until its time is up
    this.#phase = new Phase<InitEnd | InvokeEnd>({
      timeoutMs,
      atTimeout: { kind: "timeout" },
      paused: this.#options.paused,
    });
    const phase = this.#phase;
    const over = (): void => {
      if (this.#phase === phase) this.#phase = undefined;
    };
    phase.ended.then(over, over);
    return phase;
  }

  /** How long it took; undefined when it failed, so that INIT runs again inside the invocation. */
  async #initialiseFirst(): Promise<number | undefined> {
    const { end, durationMs } = await this.#initialise("init", this.#options.initTimeoutMs);
    if (end.kind === "ready") return durationMs;
    await this.#reset(end.kind === "timeout" ? "TIMEOUT" : "FAILURE");
    return undefined;
  }

  async #initialise(phase: InitPhase, capMs: number): Promise<{ readonly end: InitEnd; readonly durationMs: number }> {
    this.#state = "initialising";
    const { config, plan, realm } = this.#options;
    const startedAt = performance.now();
    this.#capture.platform(initStartEvent(phase, config, realm, plan.runtimeVersion));
    const wait = this.#begin(capMs);
    this.#beginInit();
    const end = (await wait.ended) as InitEnd;
    const durationMs = durationOf(performance.now() - startedAt, capMs, end.kind === "timeout");
    await this.#drain(end.kind === "ready");
    for (const event of initEndEvents(phase, end, durationMs, this.#extensions.statuses)) this.#capture.platform(event);
    if (end.kind === "ready" && this.#broken === undefined) this.#state = "idle";
    return { end, durationMs };
  }

  /** External extensions first; the runtime goes on once all of them have registered. */
  #beginInit(): void {
    this.#initBegun = true;
    this.#runtimeDone = false;
    const variables = extensionVariables(this.#variables());
    for (const name of this.#options.plan.extensions) this.#processes.startExtension(name, variables);
    this.#releaseRuntime();
  }

  #releaseRuntime(): void {
    if (!this.#initBegun || !this.#extensions.allRegistered) return;
    if (!this.#processes.hasRuntime) this.#startRuntime();
    this.#processes.release();
  }

  /** `unfinished` is the phase in which extensions work on although the answer is there. */
  async #conclude(run: Run, end: InvokeEnd | InitEnd, unfinished?: Phase<InitEnd | InvokeEnd>): Promise<InvokeResult> {
    const { config } = this.#options;
    const { requestId } = run;
    const elapsedMs = performance.now() - run.startedAt;
    const durationMs = durationOf(elapsedMs, config.timeoutSeconds * 1000, end.kind === "timeout");
    const { midResponse } = this.#session;
    const spans = this.#telemetry.hasSubscribers || config.logging.format === "JSON" ? this.#session.spans : undefined;
    const answer = finalAnswer({
      requestId,
      end,
      outcome: this.#outcome,
      midResponse,
      timeoutSeconds: config.timeoutSeconds,
    });
    if (end.kind === "timeout") this.#capture.noteTimeout(requestId, config.timeoutSeconds);
    const survives = end.kind === "done";
    const gauges = !survives || durationMs > MAX_SHARING_MS;
    const given = forCaller(answer, requestId, config.version);
    let peakBytes: number;
    if (survives) {
      // As on Lambda, the answer does not wait for the report. What follows takes one turn of the event loop, so that
      // whoever asks again finds this environment; a container takes longer to be looked at.
      if (this.#sandbox.tier !== "container") run.onAnswer?.(given);
      await this.#drain(true);
      peakBytes = this.#gauge.peakBytes(gauges);
    } else {
      // Kill first, then print: nothing may run on past its deadline.
      peakBytes = this.#gauge.peakBytes(true);
      await this.#reset(end.kind === "timeout" ? "TIMEOUT" : "FAILURE", run.requestId);
      await this.#drain(false);
    }

    const { initDurationMs } = run;
    const { memoryMb } = config;
    const tmpUsedBytes = await this.#gauge.tmpUsedBytes(gauges);
    const figures = { requestId, end, answer, durationMs, initDurationMs, memoryMb, peakBytes, tmpUsedBytes };
    const report = makeReport(figures);
    this.#capture.platform(runtimeDoneEvent(report, answer.producedBytes, run.tracing, spans));
    if (unfinished === undefined) this.#capture.platform(reportEvent(report, run.tracing));
    const { executedVersion, payload, functionError } = given;
    const result = { requestId, executedVersion, payload, functionError, report, logs: this.#capture.end() };
    if (answer.leftovers.length > 0) this.#options.onLeftovers?.(answer.leftovers, requestId);
    if (unfinished !== undefined) {
      this.#afterwork = this.#awaitExtensions(run, unfinished, (late) => {
        const bytes = this.#gauge.peakBytes(true);
        return makeReport({ ...figures, end: late, durationMs: performance.now() - run.startedAt, peakBytes: bytes });
      });
    } else if (survives) {
      this.#state = "idle";
      if (this.#telemetry.hasSubscribers) this.#afterwork = this.#telemetry.flush();
    }
    return result;
  }

  /** The caller has its answer; the invocation ends, and is reported, when the extensions are done with it. */
  async #awaitExtensions(
    run: Run,
    phase: Phase<InitEnd | InvokeEnd>,
    reportOf: (end: InvokeEnd | InitEnd) => InvocationReport,
  ): Promise<void> {
    const end = await phase.ended;
    const report = reportOf(end);
    if (end.kind === "timeout") this.#capture.noteTimeout(run.requestId, this.#options.config.timeoutSeconds);
    if (end.kind !== "done") await this.#reset(end.kind === "timeout" ? "TIMEOUT" : "FAILURE", run.requestId);
    await this.#drain(false);
    this.#capture.platform(reportEvent(report, run.tracing));
    if (end.kind !== "done") return;
    this.#state = "idle";
    await this.#telemetry.flush();
  }

  /** What was printed before the end of a phase is in the pipes: one turn reads it, unless the process or its end is elsewhere. */
  async #drain(alive: boolean): Promise<void> {
    if (!alive || this.#sandbox.tier === "container") await this.#sandbox.flushOutput();
    await this.#capture.drain();
  }

  /** Everything but /tmp and the log stream starts anew; INIT will run inside the next invocation. */
  async #reset(reason: "TIMEOUT" | "FAILURE", requestId = ""): Promise<void> {
    const { timeoutSeconds } = this.#options.config;
    this.#session.close(reason === "TIMEOUT" ? timedOut(requestId, timeoutSeconds) : truncatedResponse());
    await runShutdown(reason, this.#parts(), this.#processes);
    await this.#processes.killAll();
    this.#gauge.restart();
    this.#initBegun = false;
    this.#telemetry.close();
    this.#newSession();
    if (this.#state === "dead") return;
    this.#state = "reset";
    this.#startStandby();
  }

  #startStandby(): void {
    if (startsInStandby(this.#options)) this.#startRuntime();
  }

  #startRuntime(): void {
    const own = this.#options.plan.ownVariables(this.#sandbox);
    this.#processes.startRuntime(commandOf(this.#options, this.#sandbox), { ...this.#variables(), ...own });
  }

  /** Died between invocations: the next one starts it anew. In standby nothing of the function is lost, INIT will start it. */
  #diedIdle(): void {
    if (this.#state !== "idle" || this.#recovery !== undefined) return;
    this.#recovery = this.#reset("FAILURE").finally(() => (this.#recovery = undefined));
  }

  #variables(): Record<string, string> {
    return variablesOf(this.#options, this.#sandbox, {
      runtimeApi: this.#api?.address ?? "",
      logStream: this.logStream,
    });
  }

  #parts(): ApiParts {
    return { session: this.#session, extensions: this.#extensions, telemetry: this.#telemetry };
  }

  #newSession(): void {
    this.#session = new RuntimeSession({
      ready: () => {
        this.#extensions.closeRegistration();
        this.#runtimeDone = true;
        this.#checkReady();
      },
      initError: (failure) => this.#phase?.end({ kind: "error", failure }),
      outcome: (outcome) => {
        this.#outcome = outcome;
      },
      done: () => {
        this.#runtimeDone = true;
        if (this.#extensions.allReady) this.#checkReady();
        else this.#onAnswered?.();
      },
    });
    this.#extensions = new Extensions(identityOf(this.#options), this.#options.plan.extensions, {
      registered: () => this.#releaseRuntime(),
      ready: () => this.#checkReady(),
    });
    this.#telemetry = new Telemetry({
      subscribed: (name, types) =>
        this.#capture.platform({
          type: "platform.telemetrySubscription",
          record: { name, state: "Subscribed", types },
        }),
      extensionName: (call) => this.#extensions.nameOf(call),
      host: () => this.#sandbox.address,
      subscriptionOpen: () => this.#state === "initialising",
    });
  }

  /** A phase ends when the runtime and every extension have asked for the next event. */
  #checkReady(): void {
    if (this.#runtimeDone && this.#extensions.allReady)
      this.#phase?.end({ kind: this.#state === "initialising" ? "ready" : "done" });
  }
}
