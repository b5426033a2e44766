/**
 * URLs of the stack's own APIs and function URLs, as AWS has them, where they are on this machine. Those of the template are
 * mapped when it is read; these come at run time: from an API destination, a token endpoint, a task of a state machine.
 */
import type { Application } from "../config/application.js";
import { apiAddress, functionUrlAddress, httpApisOf, urlsOf } from "./doors.js";
import type { StackHttp } from "./http.js";

/** Of what is live in a stack. */
interface Served {
  readonly application: Application;
  readonly http?: StackHttp;
  /** Where the APIs of the stack answer whose services a command uses. */
  readonly front?: string | undefined;
}

const OWN_HOST = /^([a-z0-9]+)\.(execute-api|lambda-url)\.[a-z0-9-]+\.(amazonaws\.com|on\.aws)$/;

/** Any other URL is itself. */
export function localUrl(text: string, live: Served): string {
  if (!URL.canParse(text)) return text;
  const { hostname, pathname, search } = new URL(text);
  const [, id = "", kind] = OWN_HOST.exec(hostname) ?? [];
  const base = kind === "execute-api" ? apiBase(id, live) : kind === "lambda-url" ? urlBase(id, live) : undefined;
  return base === undefined ? text : `${base}${pathname}${search}`;
}

/** A command that works beside a running stack has the APIs there. */
function apiBase(id: string, { application, http, front }: Served): string | undefined {
  const isOurs = httpApisOf(application).some((api) => api.id === id);
  return http?.apiById(id) ?? (isOurs && front !== undefined ? apiAddress(application, front, id) : undefined);
}

function urlBase(id: string, { application, http, front }: Served): string | undefined {
  if (!urlsOf(application).some(({ urlId }) => urlId === id)) return undefined;
  return http?.functionUrl(id) ?? (front === undefined ? undefined : functionUrlAddress(application, front, id));
}
