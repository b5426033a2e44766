/**
 * # SQS
 *
 * Mimics: JSON 1.0 (`AmazonSQS.*`) and the query protocol (2012-11-05) at the same address; every operation of the
 * service model of @aws-sdk/client-sqs 3.1169. Error codes and texts as recorded on AWS between 2024 and December 2025.
 *
 * Gaps:
 * - Policies are checked for form, kept and given back, but not enforced: every caller may do everything.
 * - KMS keys are only names: nothing is encrypted, and no KMS error is ever answered.
 * - Request throttling and the FIFO throughput quotas (`FifoThroughputLimit`) are not enforced.
 * - Fair queues: `MessageGroupId` is taken and given back on standard queues, but noisy groups are not slowed down.
 * - Message move tasks take the messages that are visible at their start; `CANCELLING` is never seen, a task is cancelled at once.
 *
 * By design:
 * - QueueUrls carry the address by which the client came; in requests any host is accepted and the path decides, and so is a bare name.
 * - A standard queue delivers in order of visibility and exactly as often as its visibility timeout says: it shows no
 *   duplicates and no shuffling of its own. Short polls always find a visible message.
 * - Counts are exact, not approximate, and immediate. PurgeQueue and DeleteQueue take effect at once.
 * - A name is blocked for 60 seconds after DeleteQueue (`QueueDeletedRecently`), as on AWS; queues of the stack are exempt.
 * - `ReceiveRequestAttemptId` is forgotten by a restart: the messages come back when their visibility timeout ends.
 *
 * Client quirks:
 * - The SDK for JavaScript sends to the host of the QueueUrl and checks the MD5 of bodies; Java's also that of the returned attributes.
 * - Clients of the JSON protocol read the old error code from `x-amzn-query-error`.
 *
 * Unverified:
 * - Texts: tags, move task rates and types, FifoThroughputLimit without DeduplicationScope, redrive allow policy that
 *   denies, visibility timeouts out of range in ChangeMessageVisibility, names of message attributes with periods.
 * - DeleteMessage with an older handle of a message that was received again: succeeds and deletes nothing (standard), as
 *   the API reference says; ChangeMessageVisibility with an expired but newest handle hides the message again (standard).
 * - PurgeQueue leaves the deduplication window of a FIFO queue as it is; public accounts of AWS disagree.
 * - Messages moved by a task get a new id and a new time of sending, as the developer guide says of a redrive.
 */
import type { ServerResponse } from "node:http";
import { disconnectSignal } from "../kit/disconnect-signal.js";
import { handleJson } from "../kit/json-protocol.js";
import { handleQuery, isQueryRequest } from "../kit/query-protocol.js";
import type { EmbeddedService, ServiceContext, ServiceRequest } from "../service.js";
import { createSqsAdmin, type SqsAdmin } from "./admin.js";
import { rewordForQuery } from "./errors.js";
import { MAX_REQUEST_BYTES } from "./limits.js";
import { messageOperations } from "./message-operations.js";
import { MoveTasks } from "./move-tasks.js";
import { createOperationContext } from "./operations.js";
import type { Queue } from "./queue.js";
import { queryOperations } from "./query-shapes.js";
import { queueOperations } from "./queue-operations.js";
import { QueueRegistry } from "./registry.js";
import { SqsStore } from "./store.js";

export type {
  OutgoingMessage,
  PeekedMessage,
  QueueInfo,
  QueueMessage,
  QueueReference,
  ReceiveRequest,
  SqsAdmin,
} from "./admin.js";
export type { MessageAttribute, MessageAttributes } from "./message-attributes.js";
export type { QueueDepths } from "./queue-types.js";

const API_VERSION = "2012-11-05";
const ACCOUNT_ACTIONS: ReadonlySet<string> = new Set(["CreateQueue", "ListQueues"]);

export function createSqsService(context: ServiceContext): EmbeddedService & SqsAdmin {
  const { clock, bus, realm, log } = context;
  const store = new SqsStore(context.store);
  const urlOf = (queue: Queue): string => `${context.endpoint()}/${realm.accountId}/${queue.name}`;
  const registry = new QueueRegistry({
    store,
    clock,
    realm,
    log,
    announce: (queue) => {
      queue.wake().catch((error: unknown) => log.error({ err: error }, "a waiting receive failed"));
      bus.emit("MessageVisible", { queueUrl: urlOf(queue), queueArn: queue.arn });
    },
  });
  const moveTasks = new MoveTasks(store, clock, registry, log);
  /** Of the requests being answered. No WeakMap: the garbage collector would go through it at every turn. */
  const responses = new Map<ServiceRequest, ServerResponse>();
  const operationContext = createOperationContext({
    registry,
    moveTasks,
    accountId: realm.accountId,
    disconnectOf: (request) => disconnectSignal(responses.get(request)),
  });
  const operations = { ...queueOperations(operationContext), ...messageOperations(operationContext) };
  const jsonOptions = {
    version: "1.0",
    errorNamespace: "com.amazonaws.sqs#",
    operations,
    maxBodyBytes: MAX_REQUEST_BYTES,
    queryErrorHeader: true,
    log,
  } as const;
  const queryOptions = {
    version: API_VERSION,
    xmlNamespace: `http://queue.amazonaws.com/doc/${API_VERSION}/`,
    operations: queryOperations(operations),
    maxBodyBytes: MAX_REQUEST_BYTES,
    errorDetail: true,
    rewordError: rewordForQuery,
    // A queue's own address takes what is done to a queue.
    offers: (action: string, { path }: ServiceRequest) => path === "/" || !ACCOUNT_ACTIONS.has(action),
    unknownOperationXml: "<UnknownOperationException/>\n",
    log,
  } as const;

  return {
    ...createSqsAdmin({ registry, accountId: realm.accountId, urlOf, now: () => clock.now() }),
    handle: async (request, response) => {
      responses.set(request, response);
      try {
        if (isQueryRequest(request)) await handleQuery(request, response, queryOptions);
        else await handleJson(request, response, jsonOptions);
      } finally {
        responses.delete(request);
      }
    },
    reset: async () => {
      moveTasks.reset();
      await registry.reset();
    },
    close: async () => {
      moveTasks.close();
      await registry.close();
    },
  };
}
