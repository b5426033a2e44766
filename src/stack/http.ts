/**
 * The HTTP port of a stack: listens before anything else asks for its number (URLs stand in functions' environments),
 * and serves as soon as the functions are there. Without APIs and function URLs there is no port; function URLs that
 * the Lambda API makes later are then served by the gateway, under host names of their own.
 */
import type { ServerResponse } from "node:http";
import type { Application } from "../config/application.js";
import type { ResolvedConfig } from "../config/schema.js";
import type { FunctionConfig } from "../config/function-config.js";
import type { RuntimeHost } from "../runtime/host.js";
import { invoke } from "../runtime/invoke.js";
import type { InvokeRequest, OnAnswer } from "../runtime/types.js";
import type { Gateway } from "../services/gateway.js";
import { continueTrace, type FunctionDirectory } from "../services/lambda/index.js";
import type { LogsService } from "../services/logs/index.js";
import type { EmbeddedService, ServiceRequest } from "../services/service.js";
import type { Credentials } from "../services/kit/credentials.js";
import { doorContext, type Outside } from "../sources/http/door-context.js";
import type { HttpHandler, UpgradeHandler } from "../sources/http/handler.js";
import { createHttpDoors } from "../sources/http/index.js";
import { serveHttp, type HttpServer } from "../sources/http/serve.js";
import type { KeyPair } from "../sources/http/shared-port.js";
import { API_PREFIX } from "../sources/http/target.js";
import { arnOf, logGroupNameIn } from "../shared/arn.js";
import type { Clock } from "../shared/clock.js";
import { messageOf } from "../shared/errors.js";
import type { Logger } from "../shared/logger.js";
import type { WebSocketDoor } from "../sources/websocket/index.js";
import { cacheFolder } from "../runtime/cache-folder.js";
import {
  apiAddress,
  frontDoors,
  functionUrlAddress,
  httpApisOf,
  urlsOf,
  webSocketApisOf,
  type FrontDoor,
} from "./doors.js";

export interface DoorOptions {
  readonly application: () => Application;
  readonly directory: FunctionDirectory;
  readonly host: RuntimeHost;
  readonly gateway: Gateway;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly log: Logger;
  readonly config: ResolvedConfig;
  readonly notice: (text: string) => void;
  /** Folder of the template. */
  readonly folder: string;
  readonly outside: Outside;
}

/** Everything behind one stage has one log stream here; AWS has many. */
const ACCESS_STREAM = "access";

export class StackHttp {
  readonly #application: Application;
  readonly #gatewayPort: number;
  #server: HttpServer | undefined;
  #handler: HttpHandler | undefined;
  #webSockets: WebSocketDoor | undefined;

  private constructor(application: Application, gatewayPort: number) {
    this.#application = application;
    this.#gatewayPort = gatewayPort;
  }

  /** Takes the port when the template has something for it. Throws LR5001. */
  static async listen(
    application: Application,
    config: ResolvedConfig,
    gatewayPort: number,
    fallbackPorts: boolean,
    notice: (text: string) => void,
    projectRoot: string,
  ): Promise<StackHttp> {
    const http = new StackHttp(application, gatewayPort);
    const hasWebSockets = webSocketApisOf(application).length > 0;
    if (application.apis.length === 0 && urlsOf(application).length === 0) return http;
    const server = await serveHttp((message, response) => http.#answer(message, response), {
      host: config.host,
      port: config.ports.http,
      fallbackPorts,
      ...(hasWebSockets ? { upgrade: http.#upgrade, keyPair: await keyPairOf(projectRoot) } : {}),
    });
    http.#server = server;
    if (config.ports.http !== 0 && server.port !== config.ports.http)
      notice(`port ${config.ports.http} is in use, the APIs listen on ${server.port}`);
    for (const text of generatedKeys(application)) notice(text);
    return http;
  }

  /** Undefined when the template has nothing to serve. */
  get address(): string | undefined {
    return this.#server === undefined ? undefined : addressOf(this.#server.port);
  }

  /** Base of an API, without the stage. */
  api(id: string): string {
    return apiAddress(this.#application, this.#base, id);
  }

  /** Base of the API with this id, for whoever has to reach that one and no other. */
  apiById(id: string): string | undefined {
    const known = httpApisOf(this.#application).some((api) => api.id === id);
    return known ? `${this.#base}${API_PREFIX}${id}` : undefined;
  }

  /** Base of a function URL of the template. */
  functionUrl(urlId: string): string {
    return functionUrlAddress(this.#application, this.#base, urlId);
  }

  /** Address of any function URL, those of the Lambda API included. */
  readonly urlAddress = (urlId: string): string => {
    const declared = urlsOf(this.#application).some((source) => source.urlId === urlId);
    return declared
      ? `${this.functionUrl(urlId)}/`
      : `http://${urlId}.lambda-url.localhost:${this.#server?.port ?? this.#gatewayPort}/`;
  };

  /** For the banner of `start`. */
  doors(): readonly FrontDoor[] {
    return frontDoors(this.#application, this.#base);
  }

  /** From now on requests reach functions. */
  async open(options: DoorOptions): Promise<void> {
    const { host, directory, clock, gateway, log, config } = options;
    const { realm } = options.application();
    const doors = {
      ...options,
      urls: () => directory.urls(),
      resolve: (name: string, qualifier: string | undefined) => directory.resolve(name, qualifier),
      invoke: (fn: FunctionConfig, { traceHeader: received, ...rest }: InvokeRequest, onAnswer?: OnAnswer) => {
        // A chain goes through a function, whatever version of it runs.
        const traceHeader = continueTrace(received, arnOf.function(realm, fn.name), clock.now()).header;
        return invoke(host, fn, { traceHeader, ...rest }, onAnswer);
      },
      jwtKeys: config.jwtKeys,
      onAccess: (destinationArn: string, line: string) => {
        const group = logGroupNameIn(destinationArn);
        // Said by name when the stack started.
        if (group === undefined) return;
        gateway
          .service("logs")
          .then((logs) =>
            (logs as LogsService).append(group, ACCESS_STREAM, [{ timestampMs: clock.now(), message: line }]),
          )
          .catch((error: unknown) => log.warn({ group, reason: messageOf(error) }, "an access log line was lost"));
      },
    };
    const context = doorContext(doors);
    if (this.#server !== undefined && webSocketApisOf(this.#application).length > 0) {
      const { createWebSocketDoor } = await import("../sources/websocket/index.js");
      const domainName = hostOf(this.#server.port);
      const { hosts, origins } = config;
      this.#webSockets = await createWebSocketDoor({ ...doors, context, domainName, hosts, origins });
    }
    const handler = createHttpDoors({ ...doors, webSockets: this.#webSockets }, context);
    this.#handler = handler;
    const behindGateway = { anonymous: true, answersBrowsers: true, subdomains: true, protocol: "rest-json" } as const;
    gateway.addService("execute-api", asService(handler), behindGateway);
    gateway.addService("lambda-url", asService(handler), { ...behindGateway, scopes: [] });
  }

  /** Ends the connections of WebSocket APIs, while functions can still be told of it. */
  async farewell(): Promise<void> {
    await this.#webSockets?.close();
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  get #base(): string {
    return this.address ?? addressOf(this.#gatewayPort);
  }

  readonly #upgrade: UpgradeHandler = (message, socket, head) =>
    this.#webSockets?.upgrade(message, socket, head) === true;

  #answer(message: Parameters<HttpHandler>[0], response: ServerResponse): void {
    if (this.#handler !== undefined) {
      this.#handler(message, response);
      return;
    }
    response.writeHead(503, { "Content-Type": "application/json" });
    response.end('{"message":"The stack is starting"}');
  }
}

const hostOf = (port: number): string => `127.0.0.1:${port}`;
const addressOf = (port: number): string => `http://${hostOf(port)}`;

async function keyPairOf(projectRoot: string): Promise<KeyPair> {
  const { localCertificate } = await import("./local-certificate.js");
  return localCertificate(cacheFolder(projectRoot));
}

function asService(handler: HttpHandler): EmbeddedService {
  return {
    handle: (request: ServiceRequest, response) => {
      handler(response.req, response, request.buffered);
      return Promise.resolve();
    },
    reset: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

/** Nobody can send a key that he does not know. */
function generatedKeys(application: Application): readonly string[] {
  return application.apis.flatMap(({ logicalId, settings: { usagePlans } }) =>
    usagePlans.flatMap(({ keys }) =>
      keys
        .filter(({ enabled, isGenerated }) => enabled && isGenerated)
        .map(({ name, value }) => `the API ${logicalId} takes ${value} as x-api-key (${name})`),
    ),
  );
}
