/**
 * Puts local addresses in place of AWS's. The application carries queue, API and function URLs as AWS gives them
 * (so `!Split ["/", !GetAtt Api.ApiEndpoint]` works as there); once the ports are known, they are mapped. URLs that
 * templates put together by hand (`https://${Api}.execute-api.${AWS::Region}.amazonaws.com/Prod`) are mapped too.
 */
import type { Application } from "./application.js";

/** Where things are on this machine. No final slashes. */
export interface EndpointResolver {
  /** Base of the queue URLs: `/<account>/<name>` follows. */
  readonly queueBase: () => string;
  /** Of queues on another server, by name: theirs need not have our form. */
  readonly queueUrls?: ReadonlyMap<string, string>;
  /** ARNs that another server has chosen, by those of the template. */
  readonly arns?: ReadonlyMap<string, string>;
  /** Base of an API, to which `/<stage>` and the path are added. */
  readonly api: (api: {
    readonly logicalId: string;
    readonly id: string;
    readonly kind: "rest" | "http" | "websocket";
  }) => string;
  readonly functionUrl: (url: { readonly functionId: string; readonly urlId: string }) => string;
  /** Ports of second stores that listen elsewhere than the config says, by those of the config. */
  readonly storePorts?: ReadonlyMap<number, number>;
}

/** Templates know a second store by its address on this machine. */
const LOCAL_ADDRESS = /\b(127\.0\.0\.1|localhost):(\d+)\b/g;

/** Every address in the application, mapped. The application itself is not changed. */
export function bindEndpoints(application: Application, endpoints: EndpointResolver): Application {
  const { region, accountId } = application.realm;
  const queues = `https://sqs.${region}.amazonaws.com/${accountId}`;
  // Long names first: one may be the beginning of another.
  const urls = [...(endpoints.queueUrls ?? [])].sort(([a], [b]) => b.length - a.length);
  const bases = new Map<string, string>([
    ...urls.map(([name, url]): [string, string] => [`${queues}/${name}`, url]),
    [queues, `${endpoints.queueBase()}/${accountId}`],
    ...(endpoints.arns ?? []),
  ]);
  for (const api of application.apis) {
    const host = `${api.id}.execute-api.${region}.amazonaws.com`;
    const base = endpoints.api(api);
    bases.set(`https://${host}`, base.replace(/^ws/, "http"));
    bases.set(`wss://${host}`, base.replace(/^http/, "ws"));
    // Handlers put `https://` before it, and the port of WebSocket APIs speaks that, too.
    if (api.kind === "websocket") bases.set(host, base.replace(/^\w+:\/\//, ""));
  }
  for (const source of application.eventSources) {
    if (source.kind === "functionUrl")
      bases.set(`https://${source.urlId}.lambda-url.${region}.on.aws`, endpoints.functionUrl(source));
  }
  const storePorts = endpoints.storePorts ?? new Map<number, number>();
  const replaceIn = (text: string): string => {
    let result = text;
    for (const [aws, local] of bases) if (result.includes(aws)) result = result.replaceAll(aws, local);
    if (storePorts.size === 0) return result;
    return result.replace(
      LOCAL_ADDRESS,
      (_, host: string, port: string) => `${host}:${storePorts.get(Number(port)) ?? port}`,
    );
  };
  return mapTexts(application, replaceIn);
}

/** A copy of a JSON value with every text mapped. */
function mapTexts<T>(value: T, map: (text: string) => string): T {
  if (typeof value === "string") return map(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => mapTexts(item, map)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item as unknown, map)])) as T;
}
