/**
 * How a function in a container reaches the Runtime API and the services, which listen on this machine's loopback.
 *
 * - Where the engine runs right here the container shares the machine's network: nothing has to listen anywhere else, it
 *   starts in half the time, and no firewall between bridge and host can be in the way.
 * - An image with extensions gets a network of its own, loopback included, which all its containers share: an extension
 *   that leads to a web server does so by a fixed port (AWS Lambda Web Adapter), in every environment. Relays lead out.
 * - Engines in a virtual machine (Docker Desktop, Colima) lead a name of theirs to our loopback.
 *
 * https://docs.docker.com/engine/network/drivers/host/
 */
import { hostname, release } from "node:os";
import type { Architecture } from "../../../config/function-config.js";
import { AppError } from "../../../shared/errors.js";
import { call, complaintOf, type EngineTarget } from "../engine.js";
import { Relays } from "./relay.js";

export interface FunctionNetwork {
  /** Whether containers can share this machine's network. */
  readonly sharesLoopback: boolean;
  /** The machine of the engine, as templates name it. */
  readonly architecture: Architecture;
  readonly note: string;
}

/** The network of one environment. */
export interface Place {
  /** This machine's, or one of its own. */
  readonly shared: boolean;
  /** Where its ports are found from here; undefined where they are not. */
  readonly address: string | undefined;
  /** The variables of a process, with addresses of ours as they are inside. */
  translate(env: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>>;
  close(): void;
}

/** What Docker Desktop, and others after it, call the machine that they run on. */
const MACHINE = "host.docker.internal";
/** What extensions call the environment. Who binds to it is to be found from outside as well. */
export const OWN_NETWORK_HOSTS = [`${MACHINE}:host-gateway`, "sandbox.localdomain:0.0.0.0", "sandbox:0.0.0.0"];
const LOOPBACK_PORT = /\b(?:127\.0\.0\.1|localhost):(\d+)/g;
/** Their ports are ours; another may be one that the function listens on itself. */
const LEADS_TO_US = /^(AWS_LAMBDA_RUNTIME_API|AWS_ENDPOINT_URL.*)$/;

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
  if (sharesLoopback(info)) return { sharesLoopback: true, architecture, note: "over this machine's network" };
  const note = `${info.OperatingSystem ?? "the engine"} reaches this machine as ${MACHINE}`;
  return { sharesLoopback: false, architecture, note };
}

/** The engine runs right here: neither in a virtual machine, nor in a network of its own, nor outside a container we are in. */
function sharesLoopback({ Name, KernelVersion, SecurityOptions }: EngineInfo): boolean {
  const rootless = (SecurityOptions ?? []).some((option) => option.includes("rootless"));
  return process.platform === "linux" && !rootless && Name === hostname() && KernelVersion === release();
}

export const SHARED_PLACE: Place = {
  shared: true,
  address: "127.0.0.1",
  translate: (env) => Promise.resolve(env),
  close: () => undefined,
};

/** Where the container stands on the engine's bridge, and what this machine is called there. */
export interface BridgeAddresses {
  readonly gateway: string;
  readonly container: string;
}

/** `ports` are ours beside those that the variables name: of second stores, of the API's door. */
export function ownPlace(
  network: FunctionNetwork,
  { gateway, container }: BridgeAddresses,
  ports: readonly number[],
): Place {
  const relays = network.sharesLoopback ? new Relays(gateway, container) : undefined;
  const addressOf = (port: number): Promise<string> => relays?.addressOf(port) ?? Promise.resolve(`${MACHINE}:${port}`);
  return {
    shared: false,
    address: network.sharesLoopback ? container : undefined,
    translate: async (env) => {
      const ours = new Map<string, string>();
      for (const port of ports) ours.set(String(port), await addressOf(port));
      for (const [name, value] of Object.entries(env))
        if (LEADS_TO_US.test(name))
          for (const [, port = ""] of value.matchAll(LOOPBACK_PORT)) ours.set(port, await addressOf(Number(port)));
      const inside = (value: string): string =>
        value.replace(LOOPBACK_PORT, (text, port: string) => ours.get(port) ?? text);
      return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, inside(value)]));
    },
    close: () => relays?.close(),
  };
}
