/**
 * One life of a function's container: made, attached to, started, frozen and thawed, ended, removed. Orders may come at
 * any time; what comes before the start is carried out at once after it.
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container
 */
import type { IncomingMessage } from "node:http";
import { AppError } from "../../../shared/errors.js";
import { exitFromStatus } from "../../../runtime/sandbox/exit-status.js";
import type { ProcessExit } from "../../../runtime/sandbox/sandbox.js";
import {
  call,
  complaintOf,
  noAnswer,
  openCall,
  removeContainer,
  type EngineAnswer,
  type EngineTarget,
} from "../engine.js";
import { passOn, type Print } from "./attached-output.js";

export interface ContainerOptions {
  readonly target: EngineTarget;
  readonly name: string;
  /** Body of `POST /containers/create`. */
  readonly creation: () => Promise<object>;
  readonly print: Print;
  /** It runs; the process id is its first process as the engine's machine numbers it. */
  started(processId: number, id: string): void;
}

/** No timeout, to a socket of Node's. */
const FOR_EVER = 0;
/** The engine hands over what was printed a moment after the end. */
const OUTPUT_WITHIN_MS = 1000;
/** 128 + SIGKILL, which is how the kernel ends what outgrew its memory. */
const KILLED_STATUS = 137;
/** What the engine's init, process 1 of each container, says when it cannot run a program: not executable, not there. */
const NOT_RUN_STATUSES = [126, 127];
const MAX_WORDS_CHARS = 4096;

interface ContainerState {
  readonly State?: { readonly Pid?: number; readonly OOMKilled?: boolean };
}

export class FunctionContainer {
  /** Resolves when nothing of it runs and its output has been passed on; rejects with LR5005 or LR5012 when the engine fails. */
  readonly ended: Promise<ProcessExit>;
  readonly #options: ContainerOptions;
  #id: string | undefined;
  #runs = false;
  #signal: "SIGKILL" | "SIGTERM" | undefined;
  #paused = false;
  #shallPause = false;
  #isSwitching = false;
  #removed: Promise<void> | undefined;

  constructor(options: ContainerOptions) {
    this.#options = options;
    this.ended = this.#live().finally(() => (this.#runs = false));
    this.ended.catch(() => undefined); // for those who do not ask
  }

  kill(): void {
    this.#send("SIGKILL");
  }

  terminate(): void {
    this.#send("SIGTERM");
  }

  freeze(): void {
    this.#shallPause = true;
    this.#settlePause();
  }

  thaw(): void {
    this.#shallPause = false;
    this.#settlePause();
  }

  /** Ends it, if need be, and removes it with what it wrote. */
  remove(): Promise<void> {
    this.kill();
    this.#removed ??= this.ended
      .catch(() => undefined)
      .then(async () => {
        if (this.#id !== undefined) await removeContainer(this.#options.target, this.#id);
      });
    return this.#removed;
  }

  async #live(): Promise<ProcessExit> {
    const { target, name, creation } = this.#options;
    const path = `/containers/create?name=${encodeURIComponent(name)}`;
    const made = await call(target, { method: "POST", path, json: await creation() });
    if (made.status !== 201) return refused(made);
    const id = (JSON.parse(made.body.toString("utf8")) as { readonly Id: string }).Id;
    this.#id = id;
    if (this.#signal === "SIGKILL") return exitFromStatus(KILLED_STATUS);
    const [output, end] = await Promise.all([
      this.#listen("attach?stream=1&stdout=1&stderr=1"),
      this.#listen("wait?condition=next-exit"),
    ]);
    const words = new LastWords();
    const printed = passOn(output, (stream, bytes) => {
      if (stream === "stderr") words.add(bytes);
      this.#options.print(stream, bytes);
    });
    const started = await this.#post("start");
    if (started.status !== 204) {
      end.destroy();
      output.destroy();
      return refused(started);
    }
    this.#runs = true;
    if (this.#signal !== undefined) this.#send(this.#signal);
    this.#settlePause();
    void this.#state().then(({ Pid = 0 }) => Pid > 0 && this.#runs && this.#options.started(Pid, id));
    const status = await this.#statusFrom(end);
    this.#runs = false;
    const outOfMemory = status === KILLED_STATUS && (await this.#state()).OOMKilled === true;
    await within(OUTPUT_WITHIN_MS, printed);
    if (outOfMemory) return { kind: "out-of-memory" };
    return (NOT_RUN_STATUSES.includes(status) ? words.unstartable() : undefined) ?? exitFromStatus(status);
  }

  async #statusFrom(end: IncomingMessage): Promise<number> {
    let text = "";
    try {
      for await (const chunk of end) text += (chunk as Buffer).toString("utf8");
      return (JSON.parse(text) as { readonly StatusCode: number }).StatusCode;
    } catch (error) {
      throw noAnswer({ method: "POST", path: `${this.#path}/wait` }, error);
    }
  }

  get #path(): string {
    return `/containers/${this.#id ?? ""}`;
  }

  /** The answer goes on for as long as the container lives. */
  #listen(what: string): Promise<IncomingMessage> {
    const options = { method: "POST", path: `${this.#path}/${what}`, silenceMs: FOR_EVER } as const;
    return openCall(this.#options.target, options).catch((error: unknown) => {
      throw noAnswer(options, error);
    });
  }

  #post(order: string): Promise<EngineAnswer> {
    return call(this.#options.target, { method: "POST", path: `${this.#path}/${order}` });
  }

  async #state(): Promise<NonNullable<ContainerState["State"]>> {
    const answer = await call(this.#options.target, { path: `${this.#path}/json` }).catch(() => undefined);
    if (answer?.status !== 200) return {};
    try {
      return (JSON.parse(answer.body.toString("utf8")) as ContainerState).State ?? {};
    } catch {
      // An engine that breaks off in the middle has told nothing, either; `ended` says what becomes of the container.
      return {};
    }
  }

  /** A container that has ended meanwhile is fine: `ended` tells. */
  #send(signal: "SIGKILL" | "SIGTERM"): void {
    this.#signal = signal;
    if (this.#runs) void this.#post(`kill?signal=${signal}`).catch(() => undefined);
  }

  /** Orders that follow each other faster than the engine carries them out come down to the last. */
  #settlePause(): void {
    if (this.#runs && !this.#isSwitching) void this.#switch();
  }

  async #switch(): Promise<void> {
    this.#isSwitching = true;
    while (this.#runs && this.#paused !== this.#shallPause) {
      const pause = this.#shallPause;
      await this.#post(pause ? "pause" : "unpause").catch(() => undefined);
      this.#paused = pause;
    }
    this.#isSwitching = false;
  }
}

/** The init says so on standard error: `[FATAL tini (7)] exec /app failed: No such file or directory`. */
class LastWords {
  #text = "";

  add(bytes: Buffer): void {
    this.#text = (this.#text + bytes.toString("utf8")).slice(-MAX_WORDS_CHARS);
  }

  unstartable(): ProcessExit | undefined {
    const [, program, why] = /^\[FATAL tini \(\d+\)\] exec (.+) failed: (.+)$/m.exec(this.#text) ?? [];
    return program === undefined || why === undefined
      ? undefined
      : { kind: "unstartable", reason: `fork/exec ${program}: ${why.toLowerCase()}` };
  }
}

/**
 * The engine says in words whether it was the program that could not be run: `exec: "/app": stat /app: no such file or
 * directory: unknown`. Lambda says `fork/exec /app: no such file or directory`.
 */
function refused(answer: EngineAnswer): ProcessExit {
  const complaint = complaintOf(answer);
  if (/no command specified/i.test(complaint))
    return { kind: "unstartable", reason: "the image has no ENTRYPOINT or CMD" };
  if (/docker-init|catatonit/.test(complaint))
    throw new AppError("LR5005", {
      what: "The engine has no init for containers",
      why: complaint,
      fix: "Install it beside the engine: Debian's package is tini, Podman's is catatonit.",
    });
  const [, program, why] = /exec: "([^"]*)": (?:stat [^:]*: )?([^:]+?)(?:: unknown)?$/.exec(complaint) ?? [];
  if (program !== undefined && why !== undefined)
    return { kind: "unstartable", reason: `fork/exec ${program}: ${why}` };
  throw new AppError("LR5005", { what: "The engine does not start the function's container", why: complaint });
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
