import type { TestStack } from "../src/index.js";
import { found } from "./until.js";

/** The JSON of the next message of a queue, which it takes off the queue. */
export async function nextMessage<T = Record<string, unknown>>({ sqs }: TestStack, queue: string): Promise<T> {
  const body = await found(async () => (await sqs.receive(queue, 1))[0]?.body, `a message in ${queue}`);
  return JSON.parse(body) as T;
}
