/**
 * How a function in a container reaches the Runtime API and the services, which listen on this machine's loopback. On an
 * engine of this machine the container shares its network: nothing has to listen anywhere else, and no firewall between
 * bridge and host can be in the way. Engines in a virtual machine (Docker Desktop, Colima) lead a name of theirs to our
 * loopback. https://docs.docker.com/engine/network/drivers/host/
 */
import { hostname, release } from "node:os";
import { AppError } from "../../../shared/errors.js";
import { call, complaintOf, type EngineTarget } from "../engine.js";

export interface FunctionNetwork {
  /** `host`: this machine's own; `bridge`: the engine's, with a name for this machine. */
  readonly mode: "host" | "bridge";
  /** The machine of the engine, as templates name it. */
  readonly architecture: "x86_64" | "arm64";
  /** Text with addresses of this machine, as they are inside. */
  translate(text: string): string;
  readonly note: string;
}

/** What Docker Desktop, and others after it, call the machine that they run on. */
const MACHINE = "host.docker.internal";
const LOOPBACK = /\b(127\.0\.0\.1|localhost)(?=:\d)/g;

interface EngineInfo {
  readonly OperatingSystem?: string;
  readonly Name?: string;
  readonly KernelVersion?: string;
  readonly Architecture?: string;
  readonly SecurityOptions?: readonly string[] | null;
}

/** Throws LR5009 for an engine on another machine: a function there would not find its way back. */
export async function functionNetwork(target: EngineTarget): Promise<FunctionNetwork> {
  if (target.socketPath === undefined && !/^(localhost|127\.|::1)/.test(target.host ?? "")) {
    throw new AppError("LR5009", {
      what: "Image functions need an engine on this machine",
      why: `${target.host ?? "it"} could not reach the Runtime API, which listens on this machine's loopback only`,
      fix: "Leave out DOCKER_HOST, or choose another context.",
    });
  }
  const answer = await call(target, { path: "/info" });
  if (answer.status !== 200)
    throw new AppError("LR5009", { what: "The Docker engine cannot be asked what it is", why: complaintOf(answer) });
  const info = JSON.parse(answer.body.toString("utf8")) as EngineInfo;
  const architecture = /^(aarch64|arm64)/.test(info.Architecture ?? "") ? "arm64" : "x86_64";
  if (sharesLoopback(info))
    return { mode: "host", architecture, translate: (text) => text, note: "over this machine's network" };
  return {
    mode: "bridge",
    architecture,
    translate: (text) => text.replace(LOOPBACK, MACHINE),
    note: `${info.OperatingSystem ?? "the engine"} reaches this machine as ${MACHINE}`,
  };
}

/** The engine runs right here: neither in a virtual machine, nor in a network of its own, nor outside a container we are in. */
function sharesLoopback({ Name, KernelVersion, SecurityOptions }: EngineInfo): boolean {
  const rootless = (SecurityOptions ?? []).some((option) => option.includes("rootless"));
  return process.platform === "linux" && !rootless && Name === hostname() && KernelVersion === release();
}
