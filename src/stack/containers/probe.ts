/**
 * Asks for a Docker engine before anything is loaded that needs one. testcontainers has one text for all that can be
 * wrong and waits for ever on an engine that accepts and does not answer; here each case is told apart in under two
 * seconds, with the one thing to do. `GET /_ping` needs no API version and no login:
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemPing
 */
import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import { errnoOf, messageOf } from "../../shared/errors.js";
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
  const target = targetOf(host.url);
  if (target === undefined) {
    const what =
      host.url === "" ? `${host.namedBy ?? "it"} is not defined` : `${host.url} is no address that works here`;
    return absent("other", host, what, "Use a unix://, tcp:// or npipe:// address; an ssh:// one has to be forwarded.");
  }
  try {
    const response = await ping(target, timeoutMs);
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

interface Target extends RequestOptions {
  readonly secure: boolean;
}

function targetOf(url: string): Target | undefined {
  if (/^(unix|npipe):\/\/./.test(url)) return { secure: false, socketPath: url.replace(/^\w+:\/\//, "") };
  if (!/^(tcp|https?):\/\/./.test(url) || !URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  const verify = process.env["DOCKER_TLS_VERIFY"] ?? "";
  const secure = protocol === "https:" || (protocol === "tcp:" && verify !== "");
  return {
    secure,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (secure ? 2376 : 2375) : port,
    ...(secure ? certificates() : {}),
  };
}

/** The files that Docker's client takes, where they are. */
function certificates(): RequestOptions & { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  const folder = process.env["DOCKER_CERT_PATH"] ?? join(homedir(), ".docker");
  try {
    const read = (name: string): Buffer => readFileSync(join(folder, name));
    return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
  } catch {
    return {};
  }
}

function ping({ secure, ...target }: Target, timeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { ...target, path: "/_ping", headers: { connection: "close" } };
    const request = secure ? httpsRequest(options, resolve) : httpRequest(options, resolve);
    // Covers connecting too, which the request's own timeout does not. A guard of a real engine: real time.
    const guard = setTimeout(
      () => request.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })),
      timeoutMs,
    );
    request.on("error", reject);
    request.on("response", (response: IncomingMessage) => response.resume());
    request.on("close", () => clearTimeout(guard));
    request.end();
  });
}
