/** A server gets its port: the one that was asked for, or the first free one after it. */
import type { AddressInfo, Server } from "node:net";
import { AppError, errnoOf, messageOf } from "./errors.js";
import { portHolder } from "./port-holder.js";

export interface ListenOptions {
  /** As messages call the server. */
  readonly name: string;
  /** Chooses another port. */
  readonly flag: string;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** How many of the next ports are tried when this one is taken. */
  readonly fallbackPorts: number;
}

const MAX_PORT = 65_535;

/** The port that it became. Throws LR5001. */
export async function listen(server: Server, options: ListenOptions): Promise<number> {
  const { host } = options;
  const last = options.port === 0 ? 0 : Math.min(options.port + options.fallbackPorts, MAX_PORT);
  for (let port = options.port; ; port++) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ port, host }, () => {
          server.removeListener("error", reject);
          resolve();
        });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      if (errnoOf(error) === "EADDRINUSE" && port < last) continue;
      throw portRefused({ ...options, port }, error);
    }
  }
}

function portRefused({ name, flag, host, port }: ListenOptions, error: unknown): AppError {
  const taken = errnoOf(error) === "EADDRINUSE";
  const holder = taken ? portHolder(port) : undefined;
  return new AppError("LR5001", {
    what: taken ? `Port ${port} is in use` : `${name} cannot listen on ${host}:${port}`,
    ...(taken ? { where: `${name}, ${host}:${port}` } : {}),
    why: holder === undefined ? messageOf(error) : `${holder} listens there`,
    fix: taken
      ? `Stop the other program, or pass another ${flag}; ${flag} 0 takes a free one.`
      : `Choose another address or port: --host, ${flag}.`,
    cause: error,
  });
}
