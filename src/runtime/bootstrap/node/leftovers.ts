/**
 * Notices timers and sockets that a handler leaves running when it has answered. On Lambda they freeze with the
 * environment and go off in somebody else's invocation: a fault that is hard to see there and easy to name here.
 * Only timers made during an invocation are watched, each with the place where it was made.
 */
import { Socket } from "node:net";
import { createRequire, syncBuiltinESMExports } from "node:module";

export interface Leftover {
  readonly kind: "timer" | "socket";
  /** First line of user code in the stack of its making. */
  readonly madeAt: string;
}

interface Watched {
  readonly kind: Leftover["kind"];
  readonly handle: WeakRef<{ hasRef?(): boolean }>;
  readonly origin: { readonly stack?: string };
}

/** More than this in one invocation is a loop; the first ones tell enough. */
const MAX_WATCHED = 256;
const STACK_FRAMES = 12;

let watching = false;
let watched: Watched[] = [];

export function startWatching(): void {
  watching = true;
}

/** Ends the watch; what is still alive and would keep the event loop going. */
export function takeLeftovers(): Leftover[] {
  watching = false;
  if (watched.length === 0) return [];
  const left = watched.filter(({ handle }) => isAlive(handle.deref()));
  watched = [];
  return left.map(({ kind, origin }) => ({ kind, madeAt: userFrame(origin.stack ?? "") }));
}

function isAlive(handle: { hasRef?(): boolean } | undefined): boolean {
  if (handle === undefined) return false;
  if (handle instanceof Socket)
    return (
      !handle.destroyed && (handle as unknown as { _handle?: { hasRef?(): boolean } })._handle?.hasRef?.() === true
    );
  return (handle as { _destroyed?: boolean })._destroyed !== true && handle.hasRef?.() === true;
}

function watch(kind: Leftover["kind"], handle: object): void {
  if (!watching || watched.length >= MAX_WATCHED) return;
  const origin: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_FRAMES;
  Error.captureStackTrace(origin, watch);
  Error.stackTraceLimit = limit;
  watched.push({ kind, handle: new WeakRef(handle), origin });
}

function userFrame(stack: string): string {
  const frames = stack
    .split("\n")
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ""));
  const user = frames.find(
    (frame) => !frame.includes("node:") && !frame.includes("/var/runtime/") && !frame.includes("bootstrap"),
  );
  return user ?? frames[0] ?? "unknown";
}

/** Wraps the makers once, before user code is loaded. */
export function installLeftoverWatch(): void {
  const timers = createRequire(__filename)("node:timers") as Record<string, unknown>;
  for (const name of ["setTimeout", "setInterval"] as const) {
    const original = globalThis[name] as (...args: unknown[]) => object;
    const wrapped = (...args: unknown[]): object => {
      const handle = original(...args);
      watch("timer", handle);
      return handle;
    };
    // Keeps util.promisify(setTimeout) and the function's name as they were.
    Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
    (globalThis as Record<string, unknown>)[name] = wrapped;
    timers[name] = wrapped;
  }
  const sockets = Socket.prototype as unknown as { connect: (this: Socket, ...args: unknown[]) => Socket };
  const { connect } = sockets;
  sockets.connect = function (...args) {
    watch("socket", this);
    return connect.apply(this, args);
  };
  // `import { setTimeout } from "node:timers"` in ES modules sees the wrapped ones too.
  syncBuiltinESMExports();
}
