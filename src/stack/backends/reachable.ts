/** Whether foreign endpoints answer, told at the start and not by the first call of a function twenty retries later. */
import { AppError, errnoOf, messageOf } from "../../shared/errors.js";
import type { ForeignEndpoints } from "./endpoints.js";

/** Below the two seconds in which a command must have said what is wrong. */
const ANSWER_WITHIN_MS = 1500;

/** Throws LR5007 for the first that does not. Any HTTP answer will do: stores refuse a bare GET, each in its own way. */
export async function assertReachable(foreign: ForeignEndpoints): Promise<void> {
  await Promise.all(
    [...foreign].map(async ([name, { endpoint }]) => {
      try {
        const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
        const answer = await fetch(endpoint, { signal, redirect: "manual" });
        await answer.body?.cancel();
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

function reasonOf(error: unknown): string {
  const { name, cause } = error as { readonly name?: string; readonly cause?: unknown };
  if (name === "TimeoutError") return `no answer within ${ANSWER_WITHIN_MS} ms`;
  if (errnoOf(cause) === "ECONNREFUSED") return "nothing listens there";
  if (errnoOf(cause) === "ENOTFOUND") return "there is no host of this name";
  return messageOf(cause ?? error);
}
