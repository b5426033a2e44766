/**
 * Ways for another process to look into a running stack: over HTTP, with a token made from the secret of the state folder, so
 * that only those who may read the folder may look.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Gateway } from "../services/gateway.js";
import { stateSecret } from "../services/kit/state-secret.js";
import type { EmbeddedService, ServiceRequest } from "../services/service.js";
import { AppError } from "../shared/errors.js";

const TOKEN_HEADER = "x-lambda-run-token";

/** `/_lambda-run/NAME` and what is below it. */
export const inspectorPath = (name: string): string => `/_lambda-run/${name}`;

export type InspectorAnswer = readonly [status: number, body: unknown];

export interface InspectorDoor {
  readonly name: string;
  readonly answer: (request: ServiceRequest) => Promise<InspectorAnswer>;
  readonly reset?: () => Promise<void>;
}

export function serveInspector(gateway: Gateway, stateFolder: string, { name, answer, reset }: InspectorDoor): void {
  const token = Buffer.from(tokenOf(stateFolder, name));
  const service: EmbeddedService = {
    async handle(request, response) {
      const given = Buffer.from(String(request.headers[TOKEN_HEADER] ?? ""));
      const isKnown = given.length === token.length && timingSafeEqual(given, token);
      const [status, body] = isKnown ? await answer(request) : [403, { message: "the token is missing or wrong" }];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    },
    reset: () => reset?.() ?? Promise.resolve(),
    close: () => Promise.resolve(),
  };
  gateway.addService(`lambda-run-${name}`, service, {
    scopes: [],
    paths: [inspectorPath(name)],
    protocol: "rest-json",
    anonymous: true,
  });
}

export interface Asked {
  readonly endpoint: string;
  readonly stateFolder: string;
}

/** `rest` is what follows the inspector's path. Throws LR1004. */
export async function askInspector<T>(
  { endpoint, stateFolder }: Asked,
  name: string,
  rest = "",
  method = "GET",
): Promise<T> {
  const answer = await fetch(`${endpoint}${inspectorPath(name)}${rest}`, {
    method,
    headers: { [TOKEN_HEADER]: tokenOf(stateFolder, name) },
  });
  if (answer.ok) return (await answer.json()) as T;
  throw new AppError("LR1004", {
    what: `The running stack does not let us look into its ${name}`,
    where: endpoint,
    why: `${answer.status} ${await answer.text()}`,
    fix: "Stop it and start it anew: it may be of another version.",
  });
}

const tokenOf = (stateFolder: string, name: string): string =>
  createHmac("sha256", stateSecret(stateFolder)).update(`inspector ${name}`).digest("hex");
