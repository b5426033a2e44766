/**
 * Real servers in containers in place of embedded services: MinIO for S3, LocalStack for the others. Found ones are
 * attached to, others are started; nothing of it stays behind when the stack closes, or when it is killed, unless reuse
 * is asked for. Loaded when a service is to be in a container.
 */
import { createHash, randomUUID } from "node:crypto";
import type { ResolvedConfig } from "../../config/schema.js";
import type { RequestListener } from "node:http";
import { openEventDoor, reopenEventDoor, type EventDoor } from "./event-door.js";
import { containersWith, publishedHost, removeContainer, type EngineTarget } from "./engine.js";
import { removeWith } from "./remove.js";
import { isHealthy } from "./health.js";
import { ensureImage } from "./image.js";
import { OWN_LABEL, PROJECT_LABEL, SESSION_LABEL } from "./labels.js";
import { readyEngine } from "./ready-engine.js";
import { fingerprint, localstack, minio, type ContainerServer } from "./servers.js";
import { startSweeper } from "./sweeper.js";

const SHAPE = "lambda-run.shape";
/** In LocalStack, where S3 has no other way to us. */
const EVENT_QUEUE = "lambda-run-events";

const FOR_SERVICES = {
  what: "Containers need a Docker engine, and there is none to use",
  instead: "Or leave the backend out: the embedded services need no Docker.",
};

type ServiceName = keyof ResolvedConfig["backends"];

export interface ContainersOptions {
  readonly services: readonly ServiceName[];
  /** Which of them has S3; the other services are in LocalStack. */
  readonly s3Server?: ContainerServer["name"];
  /**
   * Whether somebody `listen`s to what happens in MinIO's buckets; `declare` only lets a container know where that would
   * be, for who takes it again.
   */
  readonly events?: "listen" | "declare" | "none";
  readonly config: ResolvedConfig;
  /** Reused containers belong to one project. */
  readonly projectRoot: string;
  readonly notice: (text: string) => void;
}

export interface ContainerEndpoint {
  readonly url: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** With which it posts its events to us. */
  readonly eventToken?: string;
  /** Through which its events come to us. */
  readonly eventQueue?: string;
}

export interface Containers {
  readonly endpoints: Partial<Record<ServiceName, ContainerEndpoint>>;
  /** How posts of events are answered from now on; undefined when none come here. */
  readonly answerEvents?: (listener: RequestListener) => void;
  close(): Promise<void>;
}

/** Throws LR5009 when there is no engine, LR5010 for an image that cannot be had, LR5011 for a server that ends, LR5012 for an engine that hangs. */
export async function startContainers(options: ContainersOptions): Promise<Containers> {
  const { services, config, notice, projectRoot } = options;
  const settings = config.containers;
  const { host, target } = await readyEngine(FOR_SERVICES);
  // testcontainers looks in fewer places: it is told what was found.
  process.env["DOCKER_HOST"] ??= host;
  const session = randomUUID();
  const { s3Server = "minio" } = options;
  const serverOf = (name: ServiceName): ContainerServer["name"] => (name === "s3" ? s3Server : "localstack");
  const servers = [
    ...(services.some((name) => serverOf(name) === "minio") ? [minio(settings)] : []),
    ...(services.some((name) => serverOf(name) === "localstack") ? [localstack(settings)] : []),
  ];
  const project = createHash("sha256").update(projectRoot).digest("hex").slice(0, 16);
  const sweeper =
    settings.reuse || settings.reaper !== "own" ? undefined : startSweeper(target, `${SESSION_LABEL}=${session}`);
  const { events = "none" } = options;
  let door: EventDoor | undefined;
  const doorFor = async (opening: Promise<EventDoor | undefined>): Promise<void> => {
    door = await opening;
    if (events !== "listen") await door?.close();
    else if (door === undefined || door.answer === undefined)
      notice(
        door === undefined
          ? "events of buckets in MinIO fire nothing: it was made without knowing this machine (`lambda-run down` removes it)"
          : "events of buckets in MinIO go to another process, which listens at the address that it knows",
      );
  };
  const close = async (): Promise<void> => {
    await door?.close();
    if (settings.reuse) return;
    await removeWith(target, [`${SESSION_LABEL}=${session}`]);
    sweeper?.dismiss();
  };
  const start = async (server: ContainerServer): Promise<string> => {
    const shape = fingerprint(server, settings, project);
    // Without reuse too: a command takes those of the stack that runs in this project.
    const found = await attach(target, server, shape);
    const tells = server.name === "minio";
    if (found !== undefined) {
      if (tells) await doorFor(reopenEventDoor(target, found.id, events === "listen"));
      return found.url;
    }
    if (tells && events !== "none") await doorFor(openEventDoor(target));
    const environment = { ...server.environment, ...(tells ? door?.environment : {}) };
    const setting = `containers.${server.name}.image`;
    const fix = `Name an image that this engine has or can pull in ${setting}, or leave out the backend: the embedded services need none.`;
    await ensureImage(target, server.image, { setting, fix }, notice);
    if (settings.reaper !== "ryuk") process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
    const { startServer } = await import("./start-server.js");
    const labels = { "lambda-run": "true", [SESSION_LABEL]: session, [SHAPE]: shape, [PROJECT_LABEL]: projectRoot };
    return startServer({ target, server: { ...server, environment }, settings, labels });
  };
  try {
    const urls = await Promise.all(servers.map(start));
    const endpoints: Containers["endpoints"] = Object.fromEntries(
      services.map((name) => {
        const at = servers.findIndex((server) => server.name === serverOf(name));
        const token = servers[at]?.name === "minio" ? door?.token : undefined;
        const eventToken = token === undefined ? {} : { eventToken: token };
        const eventQueue = name === "s3" && serverOf(name) === "localstack" ? { eventQueue: EVENT_QUEUE } : {};
        return [name, { url: urls[at] ?? "", ...servers[at]?.credentials, ...eventToken, ...eventQueue }];
      }),
    );
    const answerEvents = events === "listen" ? door?.answer : undefined;
    return { endpoints, ...(answerEvents === undefined ? {} : { answerEvents }), close };
  } catch (error) {
    // The error that came first is the one to tell.
    await door?.close();
    await removeWith(target, [`${SESSION_LABEL}=${session}`]).catch(() => undefined);
    sweeper?.sweep();
    throw error;
  }
}

/** A running container of the same shape, when it answers. */
async function attach(
  target: EngineTarget,
  server: ContainerServer,
  shape: string,
): Promise<{ readonly id: string; readonly url: string } | undefined> {
  for (const { Id, State, Ports } of await containersWith(target, [OWN_LABEL, `${SHAPE}=${shape}`])) {
    const port = Ports.find(({ PrivatePort }) => PrivatePort === server.port)?.PublicPort;
    const url = `http://${publishedHost(target)}:${port ?? 0}`;
    if (State === "running" && port !== undefined && (await isHealthy(url, server))) return { id: Id, url };
    if (State !== "running") await removeContainer(target, Id);
  }
  return undefined;
}

/** `lambda-run down`: removes what is ours, of every project. Answers their images. */
export async function removeContainers(): Promise<readonly string[]> {
  return removeWith((await readyEngine(FOR_SERVICES)).target, [OWN_LABEL]);
}
