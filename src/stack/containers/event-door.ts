/**
 * Where a MinIO in a container posts what happens in its buckets. The gateway listens on this machine's loopback, which a
 * container cannot reach, and is not to be opened to more; so there is a door for these posts alone, on the address that
 * the engine's bridge has on this machine, or on the loopback where the engine lives in a virtual machine and leads a
 * name to it. A container knows one address for life: who attaches to it opens the door there.
 * https://docs.docker.com/engine/network/drivers/bridge/
 */
import { randomBytes } from "node:crypto";
import { createServer, type RequestListener, type Server } from "node:http";
import { isIPv4, type AddressInfo } from "node:net";
import { errnoOf } from "../../shared/errors.js";
import { EVENTS_PATH, WEBHOOK_ID } from "../backends/webhook.js";
import { call, type EngineTarget } from "./engine.js";

const LOOPBACK = "127.0.0.1";
/** What engines in virtual machines call the machine that they run on. */
const MACHINE = "host.docker.internal";

const ENDPOINT = `MINIO_NOTIFY_WEBHOOK_ENDPOINT_${WEBHOOK_ID}`;
const TOKEN = `MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_${WEBHOOK_ID}`;

export interface EventDoor {
  /** Goes with each post; one for each container. */
  readonly token: string;
  /** For the container. */
  readonly environment: Readonly<Record<string, string>>;
  /** From now on posts are answered so; before, they are told to come again. Undefined when somebody else listens there. */
  readonly answer: ((listener: RequestListener) => void) | undefined;
  readonly close: () => Promise<void>;
}

/** For a container that is to be made. Undefined when the engine is on another machine, which would not find us. */
export async function openEventDoor(target: EngineTarget): Promise<EventDoor | undefined> {
  if (target.socketPath === undefined) return undefined;
  const token = randomBytes(24).toString("hex");
  const bridge = process.platform === "linux" ? await bridgeAddress(target) : undefined;
  const onBridge = bridge === undefined ? undefined : await listen(bridge, 0);
  const server = onBridge ?? (await listen(LOOPBACK, 0));
  if (server === undefined) return undefined;
  const { port } = server.server.address() as AddressInfo;
  return doorOf(`http://${onBridge === undefined ? MACHINE : bridge}:${port}${EVENTS_PATH}`, token, server);
}

/** For a container that was found: undefined when it was made without. Only who wants to listen takes the address. */
export async function reopenEventDoor(
  target: EngineTarget,
  containerId: string,
  wanted: boolean,
): Promise<EventDoor | undefined> {
  const { status, body } = await call(target, { path: `/containers/${containerId}/json` });
  if (status !== 200) return undefined;
  const { Config } = JSON.parse(body.toString("utf8")) as { readonly Config?: { readonly Env?: readonly string[] } };
  const valueOf = (name: string): string | undefined =>
    Config?.Env?.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const [endpoint, token] = [valueOf(ENDPOINT), valueOf(TOKEN)];
  if (endpoint === undefined || token === undefined || !URL.canParse(endpoint)) return undefined;
  const { hostname, port } = new URL(endpoint);
  const host = hostname === MACHINE ? LOOPBACK : hostname;
  return doorOf(endpoint, token, wanted ? await listen(host, Number(port)) : undefined);
}

interface Listening {
  readonly server: Server;
  readonly answer: (listener: RequestListener) => void;
}

function doorOf(endpoint: string, token: string, listening: Listening | undefined): EventDoor {
  return {
    token,
    // Without a queue folder: with one MinIO posts what lies there every three seconds, and not when it happens.
    environment: {
      [`MINIO_NOTIFY_WEBHOOK_ENABLE_${WEBHOOK_ID}`]: "on",
      [ENDPOINT]: endpoint,
      [TOKEN]: token,
    },
    answer: listening?.answer,
    close: async () => {
      const server = listening?.server;
      if (server === undefined) return;
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Undefined when the address is not one of this machine, or taken. */
async function listen(host: string, port: number): Promise<Listening | undefined> {
  let answer: RequestListener = (_, response) => response.writeHead(503).end();
  const server = createServer((request, response) => answer(request, response));
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, resolve);
    });
  } catch (error) {
    if (errnoOf(error) === "EADDRNOTAVAIL" || errnoOf(error) === "EADDRINUSE") return undefined;
    throw error;
  }
  return { server, answer: (listener) => (answer = listener) };
}

/**
 * An engine leaves the gateway out until it has been started a second time; it is the first address of the subnet then.
 * Whether it is this machine's, who listens there will see: Node lists no interface that nothing is attached to.
 */
async function bridgeAddress(target: EngineTarget): Promise<string | undefined> {
  const { status, body } = await call(target, { path: "/networks/bridge" });
  if (status !== 200) return undefined;
  const network = JSON.parse(body.toString("utf8")) as {
    readonly IPAM?: { readonly Config?: readonly { readonly Gateway?: string; readonly Subnet?: string }[] };
  };
  const config = network.IPAM?.Config?.find(({ Subnet = "" }) => isIPv4(Subnet.split("/")[0] ?? ""));
  return config?.Gateway ?? config?.Subnet?.replace(/(\d+)\/\d+$/, (_, last: string) => String(Number(last) + 1));
}
