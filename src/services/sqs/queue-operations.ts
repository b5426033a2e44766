/** The operations on queues: create, find, list, delete, purge, attributes, tags, permissions, move tasks. */
import type { JsonObject, JsonOperation } from "../kit/json-protocol.js";
import { sqsError } from "./errors.js";
import { optionalInteger, optionalString, requiredString, stringList, stringMap } from "./input.js";
import { SQS } from "./limits.js";
import type { OperationContext } from "./operations.js";
import { addStatement, removeStatement } from "./permissions.js";
import type { Queue } from "./queue.js";
import { checkReadableNames, describeAttributes } from "./queue-attributes.js";
import type { MoveTaskRow } from "./store.js";

const LIST_DEFAULT = 1000;

export function queueOperations(context: OperationContext): Record<string, JsonOperation> {
  const { registry, moveTasks } = context;
  return {
    CreateQueue: async (input, request) => {
      const name = requiredString(input, "QueueName");
      const tags = Object.fromEntries(stringMap(input, input["tags"] === undefined ? "Tags" : "tags"));
      checkTags(tags);
      const queue = await registry.create(name, stringMap(input, "Attributes"), tags);
      return { QueueUrl: context.urlOf(queue, request) };
    },

    GetQueueUrl: (input, request) => {
      const owner = optionalString(input, "QueueOwnerAWSAccountId");
      const queue = registry.byName(requiredString(input, "QueueName"));
      if (queue === undefined || (owner !== undefined && owner !== context.accountId))
        throw sqsError.queueDoesNotExist();
      return { QueueUrl: context.urlOf(queue, request) };
    },

    ListQueues: (input, request) => {
      const prefix = optionalString(input, "QueueNamePrefix") ?? "";
      const queues = registry.list().filter((queue) => queue.name.startsWith(prefix));
      const { page, nextToken } = paginate(queues, input);
      const urls = page.map((queue) => context.urlOf(queue, request));
      return { QueueUrls: urls.length === 0 ? undefined : urls, NextToken: nextToken };
    },

    DeleteQueue: async (input, request) => {
      await registry.delete(context.queueOf(input, request));
      return {};
    },

    PurgeQueue: async (input, request) => {
      await registry.purge(context.queueOf(input, request));
      return {};
    },

    GetQueueAttributes: async (input, request) => {
      const queue = context.queueOf(input, request);
      const names = stringList(input, "AttributeNames");
      checkReadableNames(names);
      if (names.length === 0) return {};
      const all = await allAttributes(queue);
      const wanted = names.includes("All")
        ? all
        : Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
      return Object.keys(wanted).length === 0 ? {} : { Attributes: wanted };
    },

    SetQueueAttributes: async (input, request) => {
      const queue = context.queueOf(input, request);
      const attributes = stringMap(input, "Attributes");
      if (attributes.size === 0) throw sqsError.missingParameter("Attribute.Name");
      await registry.setAttributes(queue, attributes);
      return {};
    },

    TagQueue: async (input, request) => {
      const queue = context.queueOf(input, request);
      const tags = Object.fromEntries(stringMap(input, "Tags"));
      if (Object.keys(tags).length === 0) throw sqsError.missingParameter("Tags");
      checkTags({ ...queue.row.tags, ...tags });
      await queue.update((row) => ({ tags: { ...row.tags, ...tags } }));
      return {};
    },

    UntagQueue: async (input, request) => {
      const queue = context.queueOf(input, request);
      const keys = stringList(input, "TagKeys");
      if (keys.length === 0) throw sqsError.invalidParameter("Tag keys can't be empty.");
      await queue.update(({ tags }) => ({
        tags: Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.includes(key))),
      }));
      return {};
    },

    ListQueueTags: (input, request) => {
      const { tags } = context.queueOf(input, request).row;
      return Object.keys(tags).length === 0 ? {} : { Tags: tags };
    },

    AddPermission: async (input, request) => {
      const queue = context.queueOf(input, request);
      const policy = addStatement(queue.row.attributes["Policy"], queue.arn, {
        label: requiredString(input, "Label"),
        accountIds: stringList(input, "AWSAccountIds"),
        actions: stringList(input, "Actions"),
      });
      await registry.setAttributes(queue, new Map([["Policy", policy]]));
      return {};
    },

    RemovePermission: async (input, request) => {
      const queue = context.queueOf(input, request);
      const policy = removeStatement(queue.row.attributes["Policy"], requiredString(input, "Label"));
      await registry.setAttributes(queue, new Map([["Policy", policy]]));
      return {};
    },

    ListDeadLetterSourceQueues: (input, request) => {
      const queue = context.queueOf(input, request);
      const { page, nextToken } = paginate(registry.sourcesOf(queue.arn), input);
      return { queueUrls: page.map((source) => context.urlOf(source, request)), NextToken: nextToken };
    },

    StartMessageMoveTask: async (input) => ({
      TaskHandle: await moveTasks.start(
        requiredString(input, "SourceArn"),
        optionalString(input, "DestinationArn"),
        optionalInteger(input, "MaxNumberOfMessagesPerSecond"),
      ),
    }),

    CancelMessageMoveTask: async (input) => ({
      ApproximateNumberOfMessagesMoved: await moveTasks.cancel(requiredString(input, "TaskHandle")),
    }),

    ListMessageMoveTasks: (input) => {
      const limit = optionalInteger(input, "MaxResults") ?? 1;
      if (limit < 1 || limit > SQS.moveTasksListed) {
        throw sqsError.invalidValue(limit, "MaxResults", `Must be between 1 and ${SQS.moveTasksListed}, if provided.`);
      }
      return {
        Results: moveTasks
          .list(requiredString(input, "SourceArn"), limit)
          .map((row) => describeTask(row, moveTasks.handleOf(row))),
      };
    },
  };
}

export async function allAttributes(queue: Queue): Promise<Record<string, string>> {
  const { visible, inFlight, delayed } = await queue.depths();
  return {
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    CreatedTimestamp: seconds(queue.row.createdMs),
    LastModifiedTimestamp: seconds(queue.row.modifiedMs),
    ...describeAttributes(queue.row.attributes, queue.fifo),
  };
}

function seconds(timeMs: number): string {
  return String(Math.floor(timeMs / 1000));
}

function checkTags(tags: Readonly<Record<string, string>>): void {
  const keys = Object.keys(tags);
  if (keys.length > SQS.tags)
    throw sqsError.invalidParameter(`Too many tags added for queue. The maximum is ${SQS.tags}.`);
  if (keys.some((key) => key.length < 1 || key.length > 128))
    throw sqsError.invalidParameter("Tag keys must be between 1 and 128 characters in length.");
  if (Object.values(tags).some((value) => value.length > 256))
    throw sqsError.invalidParameter("Tag values must be between 0 and 256 characters in length.");
}

/** A next token names the last queue of a page. It is only given to those who asked for pages. */
function paginate(
  queues: readonly Queue[],
  input: JsonObject,
): { readonly page: readonly Queue[]; readonly nextToken: string | undefined } {
  const maxResults = optionalInteger(input, "MaxResults");
  if (maxResults !== undefined && (maxResults < 1 || maxResults > LIST_DEFAULT)) {
    throw sqsError.invalidParameter(
      `Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and ${LIST_DEFAULT}.`,
    );
  }
  const token = optionalString(input, "NextToken");
  if (token !== undefined && maxResults === undefined) {
    throw sqsError.invalidParameter("MaxResults is required when NextToken is provided.");
  }
  const after = token === undefined ? "" : Buffer.from(token, "base64").toString("utf8");
  const rest = queues.filter((queue) => queue.name > after);
  const page = rest.slice(0, maxResults ?? LIST_DEFAULT);
  const last = page.at(-1);
  const more = maxResults !== undefined && rest.length > page.length && last !== undefined;
  return { page, nextToken: more ? Buffer.from(last.name).toString("base64") : undefined };
}

function describeTask(row: MoveTaskRow, handle: string): JsonObject {
  return {
    TaskHandle: row.status === "RUNNING" ? handle : undefined,
    Status: row.status,
    SourceArn: row.sourceArn,
    DestinationArn: row.destinationArn,
    MaxNumberOfMessagesPerSecond: row.ratePerSecond,
    ApproximateNumberOfMessagesMoved: row.moved,
    ApproximateNumberOfMessagesToMove: row.toMove,
    FailureReason: row.failureReason,
    StartedTimestamp: row.startedMs,
  };
}
