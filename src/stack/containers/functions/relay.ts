/**
 * Leads from a container's network to what listens on this machine's loopback: a port on the engine's bridge for each port
 * asked for, open to that one container and nobody else.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class Relays {
  readonly #bridge: string;
  readonly #container: string;
  readonly #servers = new Map<number, Promise<Server>>();
  readonly #sockets = new Set<Socket>();

  /** `bridge` is this machine's address there, `container` the only one that may come. */
  constructor(bridge: string, container: string) {
    this.#bridge = bridge;
    this.#container = container;
  }

  /** `172.17.0.1:40123` for a port of the loopback. */
  async addressOf(port: number): Promise<string> {
    let server = this.#servers.get(port);
    if (server === undefined) this.#servers.set(port, (server = this.#listen(port)));
    return `${this.#bridge}:${((await server).address() as AddressInfo).port}`;
  }

  close(): void {
    for (const server of this.#servers.values())
      server.then(
        (one) => one.close(),
        () => undefined,
      );
    for (const socket of this.#sockets) socket.destroy();
  }

  #listen(port: number): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (inner) => {
      if (inner.remoteAddress !== this.#container) {
        inner.destroy();
        return;
      }
      const outer = connect({ host: "127.0.0.1", port, allowHalfOpen: true, noDelay: true });
      for (const [from, to] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on("error", () => to.destroy()).on("close", () => this.#sockets.delete(from));
      }
    });
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, this.#bridge, () => resolve(server));
    });
  }
}
