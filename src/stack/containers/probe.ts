/**
 * Asks for a Docker engine before anything is loaded that needs one. testcontainers has one text for all that can be
 * wrong and waits for ever on an engine that accepts and does not answer; here each case is told apart in under two
 * seconds, with the one thing to do. `GET /_ping` needs no API version and no login:
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemPing
 */
import { errnoOf, messageOf } from "../../shared/errors.js";
import { engineTarget, openCall } from "./engine.js";
import { dockerHosts, type DockerHost } from "./hosts.js";

/** A ready engine answers in a few milliseconds, one that is just waking up in less than a second. */
const PING_TIMEOUT_MS = 1500;

export interface DockerReady {
  readonly state: "ready";
  readonly host: string;
  /** `Docker/28.2.2 (linux)`, `Libpod/4.3.1 (linux)`. */
  readonly server: string;
  readonly apiVersion: string;
}

export interface DockerAbsent {
  /**
   * none: nothing is there; refused: nobody listens; denied: not for this user; silent: accepts and does not answer;
   * other: something else answers.
   */
  readonly state: "none" | "refused" | "denied" | "silent" | "other";
  /** The address that says most; undefined when there is none to blame. */
  readonly host: string | undefined;
  readonly what: string;
  readonly fix: string;
}

export type DockerState = DockerReady | DockerAbsent;

/** The first engine that is ready; else the fault that says most. Never throws. */
export async function probeDocker(
  hosts: readonly DockerHost[] = dockerHosts(),
  timeoutMs: number = PING_TIMEOUT_MS,
): Promise<DockerState> {
  const asked = hosts.map((host) => ask(host, timeoutMs));
  const answers: DockerState[] = [];
  // In order: an engine that is ready is not kept waiting for a silent one behind it.
  for (const answer of asked) {
    const state = await answer;
    if (state.state === "ready") return state;
    answers.push(state);
  }
  const [first] = hosts;
  const fault =
    answers.find(({ state }) => state !== "none") ?? (first?.namedBy === undefined ? undefined : answers[0]);
  return (
    fault ?? {
      state: "none",
      host: undefined,
      what: "no Docker engine was found",
      fix: "Install Docker, Podman or Colima, or set DOCKER_HOST.",
    }
  );
}

async function ask(host: DockerHost, timeoutMs: number): Promise<DockerState> {
  const target = engineTarget(host.url);
  if (target === undefined) {
    const what =
      host.url === "" ? `${host.namedBy ?? "it"} is not defined` : `${host.url} is no address that works here`;
    return absent("other", host, what, "Use a unix://, tcp:// or npipe:// address; an ssh:// one has to be forwarded.");
  }
  try {
    const response = await openCall(target, { path: "/_ping", timeoutMs });
    response.resume();
    const { "api-version": apiVersion, server } = response.headers;
    if (response.statusCode === 200 && typeof apiVersion === "string")
      return { state: "ready", host: host.url, server: String(server ?? "unknown"), apiVersion };
    const what = `${host.url} answers, but not as Docker does (status ${response.statusCode ?? 0})`;
    return absent("other", host, what, "Check what listens there.");
  } catch (error) {
    return faultOf(host, error, timeoutMs);
  }
}

function faultOf(host: DockerHost, error: unknown, timeoutMs: number): DockerAbsent {
  const { url } = host;
  const local = !url.startsWith("tcp:");
  switch (errnoOf(error)) {
    case "ENOENT":
      return absent("none", host, `there is no ${url}`, "Start the engine that makes it.");
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return absent("none", host, `the host of ${url} is not known`, "Correct the name.");
    case "ECONNREFUSED":
      return absent(
        "refused",
        host,
        `nobody listens on ${url}`,
        local ? "Start the engine: `sudo systemctl start docker`, or Docker Desktop." : "Start the engine there.",
      );
    case "EACCES":
    case "EPERM":
      return absent(
        "denied",
        host,
        `this user may not use ${url}`,
        "Join its group and log in again: `sudo usermod -aG docker $USER`.",
      );
    case "ETIMEDOUT":
      return absent("silent", host, `${url} did not answer within ${timeoutMs} ms`, "Restart the engine: it hangs.");
    default:
      return absent("other", host, `${url}: ${messageOf(error)}`, "Check what listens there.");
  }
}

function absent(state: DockerAbsent["state"], host: DockerHost, what: string, fix: string): DockerAbsent {
  if (host.namedBy === undefined) return { state, host: host.url, what, fix };
  return {
    state,
    host: host.url,
    what: `${what} (named by ${host.namedBy})`,
    fix: `${fix} Or leave out ${host.namedBy}.`,
  };
}
