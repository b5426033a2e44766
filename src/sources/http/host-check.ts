/** Names by which a request may call this machine: any other may have been rebound to it by a page of somebody else. */
import type { IncomingMessage } from "node:http";
import { createHostReader, hasTwoHosts } from "../../services/kit/virtual-host.js";
import { jsonAnswer, type HttpAnswer } from "./message.js";
import { refusal } from "./refusals.js";

/** What a request is refused with; undefined where its name is good. */
export function createHostCheck(hosts: readonly string[]): (message: IncomingMessage) => HttpAnswer | undefined {
  const readHost = createHostReader(hosts);
  return ({ headers, rawHeaders }) => {
    if (hasTwoHosts(rawHeaders)) return refusal("http", "bad-request");
    const { allowed, hostname } = readHost(headers.host ?? "");
    if (allowed) return undefined;
    const message = `The host name "${hostname}" is not one of this machine. Allow it with the option "hosts".`;
    return jsonAnswer(403, { message });
  };
}
