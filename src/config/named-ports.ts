/** Ports that somebody has named, in the file or by a flag: one of them in use is refused, the default gives way. */
import { isJsonObject, type JsonObject } from "./json.js";

const PORTS = ["gateway", "http", "smtp"] as const;
export type PortName = (typeof PORTS)[number];

/** `config` in the shape of the config file. */
export function namedPorts(...configs: readonly (JsonObject | undefined)[]): PortName[] {
  return PORTS.filter((name) =>
    configs.some((config) => isJsonObject(config?.["ports"]) && config["ports"][name] !== undefined),
  );
}
