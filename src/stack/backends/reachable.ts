/** Whether foreign endpoints answer, told at the start and not by the first call of a function twenty retries later. */
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { AppError, errnoOf, messageOf } from "../../shared/errors.js";
import type { ForeignEndpoints } from "./endpoints.js";

/** Below the two seconds in which a command must have said what is wrong. */
const ANSWER_WITHIN_MS = 1500;
/** The time is counted in turns: one in which this process itself was held up is no silence of the server. */
const TURNS = 10;

/** Throws LR5007 for the first that does not. Any HTTP answer will do: stores refuse a bare GET, each in its own way. */
export async function assertReachable(foreign: ForeignEndpoints): Promise<void> {
  await Promise.all(
    [...foreign].map(async ([name, { endpoint }]) => {
      // AWS has been asked who we are.
      if (endpoint === undefined) return;
      try {
        await anyAnswer(endpoint);
      } catch (error) {
        throw new AppError("LR5007", {
          what: `The endpoint of ${name} does not answer`,
          where: `${endpoint} (--endpoint ${name}=..., or backends.${name})`,
          why: reasonOf(error),
          fix: `Start the server, or leave the endpoint out: ${name} is then embedded.`,
          cause: error,
        });
      }
    }),
  );
}

/** Not by `fetch`, which knows ports that it does not call (6000, 10080 ...); the SDK calls them all. */
function anyAnswer(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? httpsRequest : httpRequest;
    const request = send(url, { agent: false, headers: { connection: "close" } }, (response) => {
      response.resume();
      request.destroy();
      resolve();
    });
    let turns = 0;
    const guard = setInterval(() => {
      if (++turns >= TURNS) request.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" }));
    }, ANSWER_WITHIN_MS / TURNS);
    request.on("error", reject);
    request.on("close", () => clearInterval(guard));
    request.end();
  });
}

function reasonOf(error: unknown): string {
  switch (errnoOf(error)) {
    case "ETIMEDOUT":
      return `no answer within ${ANSWER_WITHIN_MS} ms`;
    case "ECONNREFUSED":
      return "nothing listens there";
    case "ENOTFOUND":
      return "there is no host of this name";
    default:
      return messageOf(error);
  }
}
