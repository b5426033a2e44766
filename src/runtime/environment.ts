/**
 * One execution environment: INIT, INVOKE, freeze, reset, SHUTDOWN. It owns a sandbox, a port with the Runtime,
 * Extensions and Telemetry APIs, and a log stream; it serves one invocation at a time.
 * AWS Lambda developer guide, "Understanding the Lambda execution environment lifecycle".
 */
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import type { FunctionConfig } from "../config/function-config.js";
import type { Realm } from "../shared/arn.js";
import { arnOf } from "../shared/arn.js";
import { LAMBDA } from "../shared/aws-limits.js";
import { answerOf, initErrorType, platformAnswer, type InitEnd, type InvokeEnd } from "./answer.js";
import { extensionVariables, runtimeVariables, type SessionCredentials } from "./environment-variables.js";
import { Extensions } from "./extensions.js";
import { armTimeout } from "./limits/timeout.js";
import { LogCapture, type LogRecord } from "./log-capture.js";
import { reportEvent, type InitPhase, type PhaseStatus } from "./platform-events.js";
import { onEnd, startRuntimeApi, type ApiRoutes, type RuntimeApi } from "./runtime-api.js";
import { RuntimeSession, type Leftover, type Outcome } from "./runtime-session.js";
import type { Mount, ProcessExit, Sandbox, SandboxProcess, SandboxSpec } from "./sandbox/sandbox.js";
import { Telemetry } from "./telemetry.js";
import type { InvocationReport, InvocationStatus, InvokeRequest, InvokeResult } from "./types.js";
import type { Reply } from "./wire/connection.js";

/** How the runtime of a function is started inside a sandbox. */
export interface LaunchPlan {
  /** The runtime's command, with paths as they are inside. */
  command(sandbox: Sandbox): readonly string[];
  /** Variables of ours; the bootstrap removes them before user code runs. */
  ownVariables(sandbox: Sandbox): Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** Guest path of the runtime folder (`/var/runtime`) as a mount, for the portable tier's host path. */
  readonly runtimeMount: Mount;
  readonly langMount: Mount;
  /** Our own Node client waits at a private route until INIT begins; other runtimes are started at INIT. */
  readonly waitsInStandby: boolean;
  /** Executables in the layers' `extensions` folders. */
  readonly extensions: readonly string[];
  /** `nodejs:22.v...`, for INIT_START. */
  readonly runtimeVersion: string;
}

export interface EnvironmentOptions {
  readonly config: FunctionConfig;
  readonly realm: Realm;
  readonly plan: LaunchPlan;
  readonly createSandbox: (spec: SandboxSpec) => Sandbox;
  /** Host folder shown at /var/task. */
  readonly taskRoot: string;
  readonly credentials: () => SessionCredentials;
  readonly endpoints: () => Readonly<Record<string, string>>;
  readonly log: (record: LogRecord, logStream: string) => void;
  readonly faithfulCpu: boolean;
  /** A debugger stands at a breakpoint: timeouts wait. */
  readonly paused?: () => boolean;
  /** Timers or sockets left running at the freeze. */
  readonly onLeftovers?: (leftovers: readonly Leftover[], requestId: string) => void;
}

export type EnvironmentState = "standby" | "initialising" | "idle" | "busy" | "reset" | "dead";

const SHUTDOWN_BUDGET_MS = { none: 0, internal: 500, external: 2000 } as const;

export class Environment {
  readonly id = randomBytes(16).toString("hex");
  readonly logStream: string;
  readonly #options: EnvironmentOptions;
  readonly #sandbox: Sandbox;
  readonly #capture: LogCapture;
  #api: RuntimeApi | undefined;
  #session!: RuntimeSession;
  #extensions!: Extensions;
  #telemetry!: Telemetry;
  #process: SandboxProcess | undefined;
  #standbyReply: Reply | undefined;
  #initBegun = false;
  #noted: number | undefined;
  #state: EnvironmentState = "standby";
  #frozen = false;
  #outcome: Outcome | undefined;
  /** Settles the wait of the phase under way. */
  #phase: ((end: InitEnd | InvokeEnd) => void) | undefined;
  #onPhaseEnd: (() => void) | undefined;
  #runtimeDone = false;
  #extensionProcesses: SandboxProcess[] = [];

  private constructor(options: EnvironmentOptions) {
    this.#options = options;
    const { config } = options;
    const today = new Date().toISOString().slice(0, 10).replaceAll("-", "/");
    this.logStream = `${today}/[${config.version}]${this.id}`;
    this.#capture = new LogCapture((record) => {
      this.#telemetry.record(record);
      if (record.text !== "") options.log(record, this.logStream);
    }, config.logging);
    this.#newSession();
    this.#sandbox = options.createSandbox({
      id: this.id,
      memoryMb: config.memoryMb,
      ephemeralStorageMb: config.ephemeralStorageMb,
      taskRoot: options.taskRoot,
      layers: config.layers,
      mounts: options.plan.mounts,
      faithfulCpu: options.faithfulCpu,
    });
    this.#capture.attach(this.#sandbox.output.stdout);
    this.#capture.attach(this.#sandbox.output.stderr);
  }

  /** Opens the port and brings the environment up to the moment before INIT. */
  static async start(options: EnvironmentOptions): Promise<Environment> {
    const environment = new Environment(options);
    try {
      environment.#api = await startRuntimeApi(environment.#routes());
      if (options.plan.waitsInStandby) environment.#spawnRuntime();
      return environment;
    } catch (error) {
      await environment.destroy();
      throw error;
    }
  }

  get state(): EnvironmentState {
    return this.#state;
  }

  get sandboxTier(): Sandbox["tier"] {
    return this.#sandbox.tier;
  }

  /** Runs one event to its end. Never rejects for what the function does. */
  async invoke(request: InvokeRequest, requestId: string): Promise<InvokeResult> {
    const { config } = this.#options;
    const timeoutMs = config.timeoutSeconds * 1000;
    this.#capture.begin();
    this.#sandbox.takePeakMemoryBytes();
    let initDurationMs: number | undefined;
    if (this.#state === "standby") {
      const init = await this.#initialise("init", LAMBDA.initTimeoutMs);
      if (init.end.kind === "ready") initDurationMs = init.durationMs;
      else await this.#reset(init.end.kind === "timeout" ? "TIMEOUT" : "FAILURE");
    }

    const startedAt = performance.now();
    const deadlineMs = Date.now() + timeoutMs;
    // INIT that failed, or a reset after the last invocation: INIT runs again inside this one, at its expense.
    let suppressed: InitEnd | undefined;
    if (this.#state === "reset") suppressed = (await this.#initialise("invoke", timeoutMs)).end;
    const functionArn = arnOf.function(this.#options.realm, config.name, request.qualifier);
    const tracing = request.traceHeader === undefined ? {} : { tracing: { type: "X-Amzn-Trace-Id" as const, value: request.traceHeader } };
    this.#capture.platform({ type: "platform.start", record: { requestId, version: config.version, ...tracing } });

    let end: InvokeEnd | InitEnd;
    if (suppressed !== undefined && suppressed.kind !== "ready") {
      end = suppressed;
    } else {
      this.#state = "busy";
      this.#thaw();
      const leftMs = timeoutMs - (performance.now() - startedAt);
      end = await this.#runEvent(() => {
        this.#session.deliver({ requestId, deadlineMs, functionArn, request });
        this.#extensions.invoke({ requestId, deadlineMs, invokedFunctionArn: functionArn, traceHeader: request.traceHeader });
      }, leftMs);
    }
    const durationMs = performance.now() - startedAt;
    return this.#conclude({ requestId, end, durationMs, initDurationMs, tracing });
  }

  /** SIGSTOP to the whole tree: nothing of the function runs until the next event. */
  freeze(): void {
    if (this.#frozen || this.#state !== "idle") return;
    this.#frozen = true;
    this.#sandbox.freeze();
  }

  /** SHUTDOWN phase: extensions are told and get their budget, then everything is killed. */
  async shutdown(reason: "SPINDOWN" | "TIMEOUT" | "FAILURE" = "SPINDOWN"): Promise<void> {
    if (this.#state === "dead") return;
    await this.#shutdownExtensions(reason);
    await this.destroy();
  }

  /** Kills everything at once and removes every trace. */
  async destroy(): Promise<void> {
    this.#state = "dead";
    this.#telemetry.close();
    this.#api?.close();
    await this.#sandbox.destroy();
  }

  async #initialise(phase: InitPhase, capMs: number): Promise<{ readonly end: InitEnd; readonly durationMs: number }> {
    this.#state = "initialising";
    const { config, plan, realm } = this.#options;
    const startedAt = performance.now();
    this.#capture.platform({
      type: "platform.initStart",
      record: {
        initializationType: "on-demand",
        phase,
        runtimeVersion: plan.runtimeVersion,
        runtimeVersionArn: `arn:aws:lambda:${realm.region}::runtime:lambda-run`,
        functionName: config.name,
        functionVersion: config.version,
      },
    });
    const end = await new Promise<InitEnd>((resolve) => {
      this.#phase = (result) => resolve(result as InitEnd);
      const disarm = armTimeout(capMs, () => this.#settle({ kind: "timeout" }), this.#options.paused);
      this.#onPhaseEnd = disarm;
      this.#thaw();
      this.#beginInit();
    });
    const durationMs = performance.now() - startedAt;
    const status: PhaseStatus = end.kind === "ready" ? "success" : end.kind === "timeout" ? "timeout" : "error";
    const errorType = initErrorType(end);
    const record = { initializationType: "on-demand" as const, phase, status, ...(errorType === undefined ? {} : { errorType }) };
    await this.#capture.drain();
    this.#capture.platform({ type: "platform.initRuntimeDone", record });
    this.#capture.platform({ type: "platform.initReport", record: { ...record, metrics: { durationMs } } });
    if (end.kind === "ready") this.#state = "idle";
    return { end, durationMs };
  }

  /** Starts what INIT starts: external extensions first, then the runtime. */
  #beginInit(): void {
    this.#initBegun = true;
    const variables = this.#variables();
    for (const name of this.#options.plan.extensions) {
      const extension = this.#sandbox.spawn({
        name: `extension:${name}`,
        command: [`${this.#sandbox.paths.opt}/extensions/${name}`],
        env: extensionVariables(variables),
      });
      this.#extensionProcesses.push(extension);
      void extension.exited.then(() => this.#settle({ kind: "extension", errorType: "Extension.Crash", name }));
    }
    if (this.#process === undefined) this.#spawnRuntime();
    this.#standbyReply?.send(200, "");
    this.#standbyReply = undefined;
  }

  async #runEvent(deliver: () => void, timeoutMs: number): Promise<InvokeEnd> {
    this.#outcome = undefined;
    this.#runtimeDone = false;
    return new Promise<InvokeEnd>((resolve) => {
      this.#phase = (result) => resolve(result as InvokeEnd);
      this.#onPhaseEnd = armTimeout(timeoutMs, () => this.#settle({ kind: "timeout" }), this.#options.paused);
      deliver();
    });
  }

  async #conclude(run: {
    readonly requestId: string;
    readonly end: InvokeEnd | InitEnd;
    readonly durationMs: number;
    readonly initDurationMs: number | undefined;
    readonly tracing: object;
  }): Promise<InvokeResult> {
    const { config } = this.#options;
    const { requestId, end } = run;
    const answer =
      this.#outcome === undefined
        ? platformAnswer(end, requestId, config.timeoutSeconds, this.#session.cutShort())
        : answerOf(this.#outcome);
    this.#outcome = undefined;
    if (end.kind === "timeout") this.#capture.note(`${new Date().toISOString()} ${requestId} Task timed out after ${config.timeoutSeconds.toFixed(2)} seconds\n`);
    const peakBytes = this.#sandbox.takePeakMemoryBytes();
    const survives = end.kind === "done";
    // Kill first, then measure and print: nothing may run on past its deadline.
    if (!survives) await this.#reset(end.kind === "timeout" ? "TIMEOUT" : "FAILURE");
    await this.#capture.drain();

    const status: InvocationStatus = end.kind === "timeout" ? "timeout" : answer.failed ? "error" : "success";
    const oom = end.kind === "exit" && end.exit.kind === "out-of-memory";
    const report: InvocationReport = {
      requestId,
      durationMs: round(run.durationMs),
      billedDurationMs: Math.ceil(run.durationMs + (run.initDurationMs ?? 0)),
      memorySizeMb: config.memoryMb,
      maxMemoryUsedMb: oom ? config.memoryMb : Math.min(config.memoryMb, Math.ceil(peakBytes / 1024 / 1024)),
      status,
      ...(run.initDurationMs === undefined ? {} : { initDurationMs: round(run.initDurationMs) }),
      ...(answer.platformError === undefined ? {} : { errorType: answer.platformError }),
    };
    const phase: PhaseStatus = status === "error" && answer.platformError !== undefined ? "failure" : status;
    this.#capture.platform({
      type: "platform.runtimeDone",
      record: { requestId, status: phase, metrics: { durationMs: report.durationMs, producedBytes: answer.payload.length }, ...run.tracing },
    });
    this.#capture.platform(reportEvent(report));
    if (survives) {
      this.#state = "idle";
      await this.#telemetry.flush();
      if (answer.leftovers.length > 0) this.#options.onLeftovers?.(answer.leftovers, requestId);
    }
    return {
      requestId,
      executedVersion: config.version,
      payload: answer.payload,
      ...(answer.failed ? { functionError: "Unhandled" as const } : {}),
      report,
      logs: this.#capture.end(),
    };
  }

  /** Everything but /tmp and the log stream starts anew; INIT will run inside the next invocation. */
  async #reset(reason: "TIMEOUT" | "FAILURE"): Promise<void> {
    if (this.#extensions.count > 0) await this.#shutdownExtensions(reason);
    await this.#sandbox.killAll();
    this.#frozen = false;
    this.#process = undefined;
    this.#extensionProcesses = [];
    this.#standbyReply = undefined;
    this.#initBegun = false;
    this.#telemetry.close();
    this.#newSession();
    this.#state = "reset";
    if (this.#options.plan.waitsInStandby) this.#spawnRuntime();
  }

  async #shutdownExtensions(reason: "SPINDOWN" | "TIMEOUT" | "FAILURE"): Promise<void> {
    if (this.#extensions.count === 0) return;
    const budgetMs = this.#extensions.hasExternal ? SHUTDOWN_BUDGET_MS.external : SHUTDOWN_BUDGET_MS.internal;
    this.#thaw();
    await this.#telemetry.flush();
    this.#extensions.shutdown(reason, Date.now() + budgetMs);
    this.#process?.terminate();
    const ended = Promise.all(this.#extensionProcesses.map((process) => process.exited));
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([ended, new Promise<void>((resolve) => (timer = setTimeout(resolve, budgetMs)))]);
    clearTimeout(timer);
  }

  #spawnRuntime(): void {
    const { plan } = this.#options;
    const process = this.#sandbox.spawn({
      name: "runtime",
      command: plan.command(this.#sandbox),
      env: { ...this.#variables(), ...plan.ownVariables(this.#sandbox) },
    });
    this.#process = process;
    this.#noted = undefined;
    void process.exited.then((exit) => {
      if (this.#process !== process) return;
      this.#process = undefined;
      // 128 + n could be a code or a signal; the process's own word decides.
      const code = this.#noted;
      const known: ProcessExit = code !== undefined && exit.kind === "signal" ? { kind: "exit", code } : exit;
      if (this.#phase === undefined) this.#diedIdle();
      else this.#settle({ kind: "exit", exit: known });
    });
  }

  /** Died between invocations: the next one starts it anew. */
  #diedIdle(): void {
    if (this.#state === "idle" || (this.#state === "standby" && this.#initBegun)) void this.#reset("FAILURE");
  }

  #variables(): Record<string, string> {
    const { config, realm, plan } = this.#options;
    const { paths } = this.#sandbox;
    return runtimeVariables({
      config,
      realm,
      runtimeApi: this.#api?.address ?? "",
      logStream: this.logStream,
      credentials: this.#options.credentials(),
      endpoints: this.#options.endpoints(),
      paths: { task: paths.task, opt: paths.opt, tmp: paths.tmp, runtime: paths.resolve(plan.runtimeMount), langBin: dirname(paths.resolve(plan.langMount)) },
    });
  }

  #thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#sandbox.thaw();
  }

  #settle(end: InitEnd | InvokeEnd): void {
    const phase = this.#phase;
    if (phase === undefined) return;
    this.#phase = undefined;
    this.#onPhaseEnd?.();
    this.#onPhaseEnd = undefined;
    phase(end);
  }

  #newSession(): void {
    const { config, realm, plan } = this.#options;
    this.#session = new RuntimeSession({
      ready: () => {
        this.#extensions.closeRegistration();
        this.#runtimeDone = true;
        this.#checkReady("ready");
      },
      initError: (failure) => this.#settle({ kind: "error", failure }),
      outcome: (outcome) => {
        this.#outcome = outcome;
      },
      done: () => {
        this.#runtimeDone = true;
        this.#checkReady("done");
      },
    });
    const identity = { functionName: config.name, functionVersion: config.version, handler: config.handler, accountId: realm.accountId };
    this.#extensions = new Extensions(identity, plan.extensions, {
      registered: (name, events) => this.#capture.platform({ type: "platform.extension", record: { name, state: "Registered", events } }),
      ready: () => this.#checkReady(this.#state === "initialising" ? "ready" : "done"),
      failed: (name, errorType) => this.#settle({ kind: "extension", errorType, name }),
    });
    this.#telemetry = new Telemetry({
      subscribed: (name, types) => this.#capture.platform({ type: "platform.telemetrySubscription", record: { name, state: "Subscribed", types } }),
      extensionName: (call) => this.#extensions.nameOf(call),
      registrationOpen: () => this.#extensions.registrationOpen,
    });
  }

  /** A phase ends when the runtime and every extension have asked for the next event. */
  #checkReady(kind: "ready" | "done"): void {
    if (this.#runtimeDone && this.#extensions.allReady) this.#settle({ kind });
  }

  /** Routes look the session up at each call: a reset makes a new one. */
  #routes(): ApiRoutes {
    return {
      runtimeNext: (call) => this.#session.next(call),
      runtimeResponse: (call) => this.#session.response(call),
      runtimeError: (call) => this.#session.error(call),
      initError: (call) => this.#session.initError(call),
      restoreNext: ({ reply }) => onEnd(() => reply.json(403, { errorMessage: "SnapStart is not emulated for this function", errorType: "InvalidStateTransition" })),
      extensionRegister: (call) => this.#extensions.register(call),
      extensionNext: (call) => this.#extensions.next(call),
      extensionInitError: (call) => this.#extensions.initError(call),
      extensionExitError: (call) => this.#extensions.exitError(call),
      telemetrySubscribe: (call) => this.#telemetry.subscribe(call),
      logsSubscribe: (call) => this.#telemetry.subscribe(call),
      standby: ({ reply, connection }) =>
        onEnd(() => {
          if (this.#initBegun) {
            reply.send(200, "");
            return;
          }
          this.#standbyReply = reply;
          connection.holdUntilReply();
        }),
      noteExit: ({ reply, match }) =>
        onEnd(() => {
          this.#noted = Number(match[0]);
          reply.send(200, "");
        }),
    };
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
