/** Whether a server in a container serves requests, asked every few milliseconds while a person waits. */
import { errnoOf } from "../../shared/errors.js";
import { openCall } from "./engine.js";
import type { ContainerServer } from "./servers.js";

const ASK_EVERY_MS = 10;
const PATIENCE_MS = 1000;
/**
 * What is sent the moment after a container has started may be lost on its way, and is only sent again a second later.
 * Who asks anew meanwhile has the answer sooner; a server that is slow and not lost gets more time at each turn.
 */
const FIRST_PATIENCE_MS = 60;

export async function isHealthy(url: string, server: ContainerServer): Promise<boolean> {
  return (await ask(url, server, PATIENCE_MS)) === "healthy";
}

/** Real time: it waits for a real server. */
export async function untilHealthy(url: string, server: ContainerServer, signal: AbortSignal): Promise<void> {
  let patience = FIRST_PATIENCE_MS;
  for (;;) {
    const state = await ask(url, server, patience);
    if (state === "healthy") return;
    signal.throwIfAborted();
    if (state === "late") patience = Math.min(2 * patience, PATIENCE_MS);
    else await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

async function ask(url: string, { health }: ContainerServer, timeoutMs: number): Promise<"healthy" | "ill" | "late"> {
  const { hostname: host, port } = new URL(url);
  for (const path of health) {
    try {
      // By the engine's own way of calling: the first fetch of a process costs it 20 ms.
      const answer = await openCall({ secure: false, host, port }, { path, timeoutMs });
      answer.resume();
      if ((answer.statusCode ?? 500) >= 500) return "ill";
    } catch (error) {
      return errnoOf(error) === "ETIMEDOUT" ? "late" : "ill";
    }
  }
  return "healthy";
}
