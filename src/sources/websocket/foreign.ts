/** Pages of other sites. Browsers let any page open a WebSocket to any server: it is the server that has to look where it comes from. */
import { isLocalOrigin } from "../../services/kit/virtual-host.js";
import { headerOf, type HttpRequest } from "../http/message.js";

export function isForeign(request: HttpRequest, allowed: ReadonlySet<string>): boolean {
  const origin = headerOf(request, "origin");
  return origin === undefined ? headerOf(request, "sec-fetch-site") === "cross-site" : !isLocalOrigin(origin, allowed);
}
