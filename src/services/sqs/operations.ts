/** What every operation needs from a request: the queue it names, who sends, and whether the client is still there. */
import type { JsonObject } from "../kit/json-protocol.js";
import type { ServiceRequest } from "../service.js";
import { sqsError } from "./errors.js";
import { optionalString } from "./input.js";
import type { MoveTasks } from "./move-tasks.js";
import type { Queue } from "./queue.js";
import type { QueueRegistry } from "./registry.js";

export interface OperationContext {
  readonly registry: QueueRegistry;
  readonly moveTasks: MoveTasks;
  readonly accountId: string;
  /** Throws `QueueDoesNotExist`. */
  readonly queueOf: (input: JsonObject, request: ServiceRequest) => Queue;
  readonly urlOf: (queue: Queue, request: ServiceRequest) => string;
  readonly senderOf: (request: ServiceRequest) => string;
  /** Aborted when the client closes the connection before it is answered. */
  readonly disconnectOf: (request: ServiceRequest) => AbortSignal;
}

export function createOperationContext(
  parts: Pick<OperationContext, "registry" | "moveTasks" | "accountId" | "disconnectOf">,
): OperationContext {
  return {
    ...parts,
    queueOf: (input, request) => {
      // The query protocol may be spoken to the queue's own URL; then the path names the queue.
      const url = optionalString(input, "QueueUrl") ?? (request.path.length > 1 ? request.path : undefined);
      if (url === undefined || url === "") throw sqsError.missingParameter("QueueUrl");
      const queue = parts.registry.byUrl(url);
      if (queue === undefined) throw sqsError.queueDoesNotExist();
      return queue;
    },
    urlOf: (queue, request) => `${request.endpoint}/${parts.accountId}/${queue.name}`,
    senderOf: (request) => request.caller?.userId ?? parts.accountId,
  };
}
