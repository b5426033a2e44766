/** Where things of a stack are on this machine, for the functions that call them. */
import type { Application } from "../config/application.js";
import { bindEndpoints } from "../config/endpoints.js";
import type { ResolvedConfig } from "../config/schema.js";
import { apiAddress, functionUrlAddress } from "./doors.js";
import type { Live } from "./services.js";

/** What functions call beside the services: the APIs, second stores and the inbox, be they those of the stack that a command works beside. */
export function calledPorts({ ports, secondStores }: ResolvedConfig, live: Live): readonly number[] {
  const stores =
    live.secondStores?.map(({ gateway }) => gateway.port) ?? Object.values(secondStores).map(({ port }) => port);
  return [ports.http, ...stores, live.smtpPort ?? 0].filter((port) => port !== 0);
}

/** The application with the addresses of this stack in it. */
export function bindLocally(
  application: Application,
  config: ResolvedConfig,
  endpoint: string,
  { http, front = `http://127.0.0.1:${config.ports.http}`, secondStores = [], smtpPort, backends, foreign }: Live,
): Application {
  const sqs = foreign.get("sqs");
  const onAws = sqs !== undefined && sqs.endpoint === undefined;
  return bindEndpoints(application, {
    // On AWS a queue that nobody has made yet will have the URL that the template has for it.
    queueBase: () => (onAws ? `https://sqs.${application.realm.region}.amazonaws.com` : endpoint),
    ...(backends?.queues === undefined ? {} : { queueUrls: backends.queues.urls }),
    ...(backends === undefined ? {} : { arns: backends.secretArns }),
    // A one-shot command serves no HTTP: its functions get the address that the stack beside it has, or one would have.
    api: ({ id }) => http?.api(id) ?? apiAddress(application, front, id),
    functionUrl: ({ urlId }) => http?.functionUrl(urlId) ?? functionUrlAddress(application, front, urlId),
    storePorts: new Map(
      [
        ...secondStores.map(({ declaredPort, gateway: { port } }) => [declaredPort, port] as const),
        ...(smtpPort === undefined ? [] : [[config.ports.smtp ?? smtpPort, smtpPort] as const]),
      ].filter(([declared, port]) => declared !== port),
    ),
  });
}
