/**
 * # EventBridge Pipes
 *
 * Mimics: the REST API of 2015-10-07: pipes, their states and tags; members and constraints as in the API model of
 * November 2026. A pipe takes batches from a queue or a stream, filters, enriches and transforms them, and hands them to its
 * target, as the user guide says.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes.html
 *
 * Gaps:
 * - Sources: SQS queues, DynamoDB streams and Kinesis streams. MSK, self-managed Kafka and MQ are refused by name
 * - Enrichments: Lambda, Express state machines, API Gateway. API destinations are refused by name
 * - Targets: Lambda, Step Functions, SQS, SNS, EventBridge, Kinesis, CloudWatch Logs, API Gateway; the others (API destinations,
 *   Firehose, ECS, Batch, Redshift, SageMaker, Timestream, Inspector) are refused by name
 * - Streams on another server (`--dynamodb`, `backends.kinesis`) are not polled: a pipe of them fails to be made; queues there are
 * - Logs go to CloudWatch Logs; Firehose and S3 as their destinations are refused by name. `awsRequest` and `awsResponse` are left
 *   out of them
 * - A pipe is not stopped because its target fails for long, but for a Standard machine that it should wait for
 * - Roles and keys are held to their form, and not looked at. No metrics, no quotas, no throttling
 *
 * By design:
 * - Pipes move events while a stack runs; a one-shot command makes them, and moves nothing, which it says
 * - A pipe is in its new state as soon as what it needs is there; AWS takes a minute or two
 * - Of a pipe on a stream of Kinesis a one-shot command does not say that it moved nothing
 * - A pipe of the template goes when the template does not declare it any more; one that cannot run is tried again when the template
 *   is read again
 * - Queues are polled as for event source mappings: batches are fuller and fewer than on AWS, see there
 *
 * Unverified:
 * - Texts of refusals but for that of a number below its bound; that starting what runs changes nothing
 * - Templates: outside of quotes, in a template that is no JSON, a text is written without quotes and an object as JSON (the page
 *   says of `<$.body>` that an object loses its quotes, as it does here inside of quotes); what is not there becomes an empty text; a result that is no JSON becomes a text for a function or machine; ingestion times in milliseconds
 * - The fields that hold JSON are opened for templates and paths of what comes from the source, and not of what an enrichment answers
 * - An enrichment that answers an object, and no list, hands a function or machine that object alone
 * - Of a batch of a stream of which some records failed, those that were through are left out of the next try
 * - Events for a bus: detail type `Event from aws:sqs` and source `Pipe NAME` where the pipe says none
 * - The stream of a log group where the pipe names none: the name of the pipe and the date
 * - The message in a dead-letter queue of a stream: its context. It counts those records of the batch, too, that were through
 * - Timestamps that a path leads to: dates, seconds and milliseconds are told apart by their size
 * - Records for a stream of Kinesis are put one after the other: behind one that is refused the others come again
 */
import type { ServerResponse } from "node:http";
import type { EmbeddedService, ServiceContext, ServiceRequest } from "../service.js";
import { createPipesAdmin, type PipesAdmin } from "./admin.js";
import type { Operation, PipesContext } from "./context.js";
import { answer } from "./dispatch.js";
import { pipeOperations } from "./operations/pipes.js";
import { tagOperations } from "./operations/tags.js";
import { PipeStates } from "./states.js";
import { PipeStore } from "./store.js";

export type { DeclaredPipe, PipesAdmin } from "./admin.js";
export type { PipeRunner } from "./states.js";
export type { KnownPipe } from "./store.js";
export { filterPatternsOf, includesData } from "./settings.js";
export { sourceKind, targetKind } from "./parts.js";

export type PipesService = EmbeddedService & PipesAdmin;

export function createPipesService({ store: state, clock, realm, log }: ServiceContext): PipesService {
  const store = new PipeStore(state);
  const states = new PipeStates({ store, realm, clock, log });
  const context: PipesContext = { store, clock, realm, states };
  const operations: Readonly<Record<string, Operation>> = { ...pipeOperations(context), ...tagOperations(context) };
  return {
    ...createPipesAdmin(context),
    handle: (request: ServiceRequest, response: ServerResponse) => answer(request, response, operations, log),
    reset: async () => {
      await states.drop();
      await store.clear();
    },
    close: () => states.close(),
  };
}
