/**
 * The few calls of the Docker Engine API that need no library: found containers are attached to in milliseconds, while
 * loading testcontainers takes a third of a second. https://docs.docker.com/reference/api/engine/version/v1.41/
 */
import { readFileSync } from "node:fs";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError, errnoOf, messageOf } from "../../shared/errors.js";

/** A busy engine takes seconds to remove a container; one that takes longer than this hangs. */
const ANSWER_WITHIN_MS = 20_000;

/** Options of Node's request that reach an engine; plain JSON, so that another process can be told. */
export interface EngineTarget extends RequestOptions {
  readonly secure: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Undefined when it is no address that can be reached from here. */
export function engineTarget(url: string): EngineTarget | undefined {
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

/** Where published ports answer. */
export const publishedHost = ({ host }: EngineTarget): string => host ?? "127.0.0.1";

/** The files that Docker's client takes, where they are. */
function certificates(): Pick<EngineTarget, "ca" | "cert" | "key"> {
  const folder = process.env["DOCKER_CERT_PATH"] ?? join(homedir(), ".docker");
  try {
    const read = (name: string): string => readFileSync(join(folder, name), "utf8");
    return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
  } catch {
    return {};
  }
}

export interface EngineCall {
  readonly method?: "GET" | "HEAD" | "POST" | "DELETE";
  readonly path: string;
  /** Sent as JSON. */
  readonly json?: object;
  /** Sent as it is: an archive. */
  readonly tar?: Readable;
  /** Real time until the answer is there as a whole: it guards a real engine. */
  readonly timeoutMs?: number;
  /** In its place, for an answer that is a stream: how long the engine may say nothing. */
  readonly silenceMs?: number;
  /** Ends the call. */
  readonly signal?: AbortSignal;
}

/** Sends a call and gives the response as soon as its head is there. Throws what Node throws, ETIMEDOUT when it is late. */
export function openCall(
  target: EngineTarget,
  { method = "GET", path, json, tar, timeoutMs = ANSWER_WITHIN_MS, silenceMs, signal }: EngineCall,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { secure, ...address } = target;
    const body = json === undefined ? "" : JSON.stringify(json);
    const headers =
      tar === undefined
        ? { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
        : { "content-type": "application/x-tar" };
    const options = { ...address, method, path, agent: false, headers, signal };
    const request = secure ? httpsRequest(options) : httpRequest(options);
    let answer: IncomingMessage | undefined;
    request.on("response", (response) => {
      answer = response;
      resolve(response);
    });
    const late = (): void => {
      const error = new Error(`no answer within ${silenceMs ?? timeoutMs} ms`);
      // Whoever reads the answer by now is told why it ends.
      (answer ?? request).destroy(Object.assign(error, { code: "ETIMEDOUT" }));
    };
    // Both cover connecting too, which the request's own timeout does not.
    const guard = silenceMs === undefined ? setTimeout(late, timeoutMs) : undefined;
    if (silenceMs !== undefined) request.on("socket", (socket) => socket.setTimeout(silenceMs, late));
    request.on("error", reject);
    request.on("close", () => clearTimeout(guard));
    if (tar === undefined) request.end(body);
    else pipeline(tar, request).catch(reject);
  });
}

export interface EngineAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** What the engine says went wrong. */
export function complaintOf({ status, body }: EngineAnswer): string {
  const text = body.toString("utf8").trim();
  try {
    return (JSON.parse(text) as { readonly message?: string }).message ?? text;
  } catch {
    return text === "" ? `status ${status}` : text;
  }
}

/** Throws LR5012 when the engine, which answered the probe, does not answer this. */
export async function call(target: EngineTarget, options: EngineCall): Promise<EngineAnswer> {
  try {
    return await wholeAnswer(await openCall(target, options));
  } catch (error) {
    throw noAnswer(options, error);
  }
}

export async function wholeAnswer(response: IncomingMessage): Promise<EngineAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) };
}

/** For a call that was opened: what its stream threw. */
export function noAnswer({ method = "GET", path, signal }: EngineCall, error: unknown): unknown {
  if (signal?.aborted === true) return error;
  const hangs = errnoOf(error) === "ETIMEDOUT";
  return new AppError("LR5012", {
    what: `The Docker engine ${hangs ? "hangs" : "broke off"} at ${method} ${path.replace(/\?.*/, "")}`,
    why: messageOf(error),
    cause: error,
  });
}

function refused(what: string, { status, body }: EngineAnswer): AppError {
  return new AppError("LR5012", {
    what: `The Docker engine ${what}: status ${status}`,
    why: body.toString("utf8").trim().slice(0, 200),
  });
}

export interface ContainerSummary {
  readonly Id: string;
  readonly Image: string;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Ports: readonly { readonly PrivatePort: number; readonly PublicPort?: number }[];
}

/** Containers that carry all these labels (`name=value`), stopped ones too. */
export async function containersWith(target: EngineTarget, labels: readonly string[]): Promise<ContainerSummary[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: labels }));
  const answer = await call(target, { path: `/containers/json?all=1&filters=${filters}` });
  if (answer.status !== 200) throw refused("does not list containers", answer);
  return JSON.parse(answer.body.toString("utf8")) as ContainerSummary[];
}

/** Ends a container with its anonymous volumes. One that is gone already (404), or is just going (409), is fine. */
export async function removeContainer(target: EngineTarget, id: string): Promise<void> {
  const answer = await call(target, { method: "DELETE", path: `/containers/${id}?force=1&v=1` });
  if (answer.status >= 500) throw refused(`does not remove container ${id.slice(0, 12)}`, answer);
}

/** The last lines that a container wrote, its two streams put together. */
export async function lastLines(target: EngineTarget, id: string, count: number): Promise<string[]> {
  const { body } = await call(target, { path: `/containers/${id}/logs?stdout=1&stderr=1&tail=${count}` });
  // Without a terminal each piece has a head of eight bytes, the length in the last four.
  let text = "";
  for (let at = 0; at + 8 <= body.length;) {
    const end = at + 8 + body.readUInt32BE(at + 4);
    text += body.toString("utf8", at + 8, end);
    at = end;
  }
  return text.split("\n").filter((line) => line.trim() !== "");
}
