/** Whether a server in a container serves requests, asked every few milliseconds while a person waits. */
import type { ContainerServer } from "./servers.js";

const ASK_EVERY_MS = 10;
const ANSWER_WITHIN_MS = 1000;

export async function isHealthy(url: string, { health }: ContainerServer): Promise<boolean> {
  for (const path of health) {
    try {
      const answer = await fetch(`${url}${path}`, {
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        redirect: "manual",
      });
      await answer.body?.cancel();
      if (answer.status >= 500) return false;
    } catch {
      return false;
    }
  }
  return true;
}

/** Real time: it waits for a real server. */
export async function untilHealthy(url: string, server: ContainerServer, signal: AbortSignal): Promise<void> {
  while (!(await isHealthy(url, server))) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
