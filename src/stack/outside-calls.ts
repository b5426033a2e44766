/** What integrations of APIs reach beside functions that get the request as it is: services, signed as any client signs. */
import type { AsyncInvoker } from "../sources/async/async-invoker.js";
import type { Outside, ServiceCall } from "../sources/http/door-context.js";
import { MAX_PAYLOAD_BYTES } from "../sources/http/message.js";
import { realClock } from "../shared/clock.js";
import { addressUrl, type ServiceAddress, type ServiceName } from "./backends/endpoints.js";

export interface OutsideOptions {
  /** Where a service is: embedded, or another server. */
  readonly address: (service: ServiceName) => ServiceAddress;
  readonly invoker: AsyncInvoker;
  readonly localUrl: (url: string) => string;
}

export function outsideOf({ address, invoker, localUrl }: OutsideOptions): Outside {
  return {
    localUrl,
    enqueue: (fn, payload, options) => invoker.enqueue(fn.name, payload, options),
    callService: async (call) => {
      const [{ signed }, { callHttp }] = await Promise.all([
        import("./tasks/clients/sign.js"),
        import("../services/kit/http-call.js"),
      ]);
      const { service, method, body, timeoutMs } = call;
      const place = address(backendOf(service));
      const { credentials, region } = place;
      const keys = typeof credentials === "function" ? await credentials() : credentials;
      const url = urlOf(call, place);
      // The time of day: another server knows nothing of this stack's clock.
      const headers = signed({ method, url, headers: headersOf(call), body, region, service }, keys, realClock.now());
      return callHttp({
        url,
        method,
        headers: Object.entries(headers),
        body: body.length === 0 ? undefined : body,
        timeoutMs,
        maxBytes: MAX_PAYLOAD_BYTES,
      });
    },
  };
}

/** Services are known by the names in their host names, which are those of their signatures. */
const backendOf = (service: string): ServiceName =>
  service === "monitoring" ? "cloudwatch" : (service as ServiceName);

function urlOf({ path, query, service }: ServiceCall, place: ServiceAddress): URL {
  const url = new URL(addressUrl(place, service));
  url.pathname = path;
  for (const [name, value] of query) url.searchParams.append(name, value);
  return url;
}

/** In small letters; a later one of a name takes the place of an earlier. */
const headersOf = ({ headers }: ServiceCall): Record<string, string> =>
  Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
