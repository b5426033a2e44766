/**
 * # Lambda
 *
 * Mimics: the REST API of 2015-03-31 and its later dates; operations and members as in the API model of November 2026,
 * answers and error texts as recorded on AWS up to November 2025.
 *
 * Gaps:
 * - Capacity providers and function scaling: answered with UnknownOperationException by name; tags of layers, tenants,
 *   accelerators, runtimes of one's own, and functions of these kinds are refused by name
 * - `S3ObjectStorageMode`, `SourceKMSKeyArn` and `MasterRegion` are taken and change nothing; public policies are not blocked
 * - Code signing configurations are kept and shown, and no package is refused for want of a signature
 * - Subnets, security groups, roles, keys and destinations are held to their form; that they exist is checked for
 *   functions as destinations only
 * - Event source mappings for anything but SQS queues are refused by name
 * - VPC, KMS, file systems, SnapStart, provisioned concurrency and runtime management are kept and shown, and change
 *   nothing about how a function runs; so are key, metrics, log level and provisioned pollers of event source mappings
 * - Functions without a reservation share 1,000 invocations at once, also when others have reserved a part of them
 *
 * By design:
 * - Resource policies and roles are kept, and not evaluated: whoever has valid credentials may invoke
 * - What the API changes about a function of the template lasts until the stack stops: the template is its source
 * - A version published from a function of the template runs the source as it is now, whatever its number; versions of
 *   uploaded code are frozen
 * - `Pending` and `InProgress` show in the answer of the call that causes them; the next question finds the steady state
 * - `Location` of code is a file:// URL of this machine; a function of the template has no package, so that its `CodeSize`
 *   is 0 and its `CodeSha256` empty; `VpcId` is made up from the subnets
 * - Deleting a function takes its event source mappings along, where AWS leaves them to fail
 * - Asynchronous events wait in the state folder: what got a 202 runs in the next process when this one ends before
 * - `Code.ImageUri` names any image that the Docker engine of this machine has or can pull, not only one in ECR; it is looked
 *   for at the first invocation, and ServiceException says why it cannot be run
 * - A function whose code cannot be built answers ServiceException with the build's message
 * - Durable functions have a card of their own (`durable/executions.ts`)
 *
 * Client quirks:
 * - boto3 and the CLI read the error's name from x-amzn-ErrorType, the JavaScript SDK also from the body
 * - The JavaScript SDK knows no class for Invoke's 413: RequestEntityTooLargeException comes as a LambdaServiceException
 * - A trailing slash after a path is taken, as some SDKs send one
 *
 * Unverified:
 * - Refusals in words of our own: resource policies that are no policy, dead-letter targets that are neither queue nor
 *   topic, manual runtime management without a runtime, more than five filters, provisioned pollers that do not fit a
 *   queue, and parameters of streams for a queue other than the recorded ones
 * - From memory: what is said of a reservation below the provisioned concurrency
 * - CreateFunction and PublishVersion with a qualifier: refused in the words that are known of UpdateFunctionCode
 * - Several broken constraints in one answer: their order is that of the API model, of one member the pattern comes first;
 *   the order of values in some enum sets; which lists say that their members must not be null
 * - Numbers with a fraction where whole ones belong, text for numbers in the query string, and markers that no list gave:
 *   refused in words of our own
 * - Second hand: what is wrong with a mapping of a stream, tags of a mapping that is not there, that a function's revision
 *   changes once a change is through and when a version is published
 * - Texts of some refusals, from memory of what AWS answers: of event invoke settings and mappings of functions that are not
 *   there, of two configurations of provisioned concurrency, of layers' versions and policies, of tags that are none, of a
 *   code signing configuration in use, of an alias of two versions with different dead-letter queues
 * - Tags whose keys begin with `aws:`: refused in the words of other services
 * - What is said about events that are no JSON: the words of Jackson's source, one of them recorded
 * - The event that an empty body becomes; the refusal of a client context that is no JSON object
 * - `Function not found` of Invoke without `:$LATEST` for an unqualified name: recordings differ
 * - The form of `Lineage` in the trace header, and the text of RecursiveInvocationException; that a message whose chain
 *   is cut stays in its queue, where the redrive policy finds it; that functions and buckets as destinations stay in the chain
 */
import type { ServerResponse } from "node:http";
import type { FunctionUrlSource } from "../../config/event-source.js";
import type { FunctionConfig } from "../../config/function-config.js";
import type { RuntimeHost } from "../../runtime/host.js";
import type { Realm } from "../../shared/arn.js";
import type { Clock } from "../../shared/clock.js";
import type { Logger } from "../../shared/logger.js";
import { AwsError } from "../kit/aws-error.js";
import { tellUnknownOperation } from "../kit/unknown-operation.js";
import { internalError } from "../kit/json-protocol.js";
import type { StateStore } from "../kit/state-store.js";
import type { EmbeddedService, ServiceRequest } from "../service.js";
import { CodeFolder } from "./code-folder.js";
import type { AsyncQueue, MappingManager, ObjectReader } from "./collaborators.js";
import type { LambdaContext } from "./context.js";
import { FunctionDirectory } from "./directory.js";
import type * as Dispatch from "./dispatch.js";
import type { DurableContext, DurableSurroundings } from "./durable/context.js";
import type { DurableExecutions } from "./durable/executions.js";
import { Rows } from "./rows.js";
import { Turns } from "./turns.js";

export type {
  AsyncQueue,
  Mapping,
  MappingManager,
  MappingSettings,
  ObjectReader,
  StreamMappingSettings,
} from "./collaborators.js";
export type { AsyncSettings, FunctionDirectory, KnownUrl } from "./directory.js";
export type { DurableSurroundings } from "./durable/context.js";
export type { DurableExecutions } from "./durable/executions.js";
export type { ExecutionRow as DurableExecutionRow, OperationRow as DurableOperationRow } from "./durable/rows.js";
export { hasLeftRunning as hasDurableLeftRunning } from "./durable/left-running.js";
export { continueTrace, deepestTrace, traceOfEvent } from "./lineage.js";

export interface LambdaServiceOptions {
  readonly host: RuntimeHost;
  readonly realm: Realm;
  readonly clock: Clock;
  readonly log: Logger;
  /** Opened at the first call that needs it. */
  readonly store: () => StateStore;
  /** Of the template, which may be read anew while the stack runs. */
  readonly functions: () => readonly FunctionConfig[];
  readonly functionUrls: () => readonly FunctionUrlSource[];
  readonly async: () => Promise<AsyncQueue>;
  readonly mappings: () => Promise<MappingManager>;
  readonly readObject: ObjectReader;
  /** Address of a function URL. */
  readonly functionUrl: (urlId: string) => string;
  readonly surroundings: DurableSurroundings;
}

export interface LambdaService extends EmbeddedService {
  /** Executions of durable functions, loaded at the first call. */
  readonly durable: () => Promise<DurableExecutions>;
  /** Undefined when there was no call. */
  readonly loadedDurable: () => DurableExecutions | undefined;
  /** Which functions there are; sources that fire functions by name ask it too. */
  readonly directory: FunctionDirectory;
}

export function createLambdaService(options: LambdaServiceOptions): LambdaService {
  const rows = new Rows(options.store);
  const code = new CodeFolder(options.store);
  const directory = new FunctionDirectory({ ...options, rows, code });
  let executions: DurableExecutions | undefined;
  const durable = async (): Promise<DurableExecutions> => {
    const { DurableExecutions } = await import("./durable/executions.js");
    return (executions ??= new DurableExecutions({ ...options, directory } satisfies DurableContext));
  };
  const context: LambdaContext = { ...options, rows, code, directory, durable, turns: new Turns() };
  let dispatch: typeof Dispatch | undefined;
  return {
    directory,
    durable,
    loadedDurable: () => executions,
    async handle(request, response) {
      try {
        // Loaded at the first request: most one-shot commands send none.
        dispatch ??= await import("./dispatch.js");
        await dispatch.answer(context, request, response);
      } catch (error) {
        const wire = error instanceof AwsError ? error : internalError(options.log, error);
        tellUnknownOperation(options.log, wire);
        sendError(request, response, wire);
      }
    },
    async reset() {
      await rows.clear();
      await (await durable()).reset();
    },
    close() {
      executions?.close();
      return Promise.resolve();
    },
  };
}

/** These were recorded with a capital, the others without; clients take either. */
const CAPITAL_MESSAGE: ReadonlySet<string> = new Set([
  "CallbackTimeoutException",
  "DurableExecutionAlreadyStartedException",
  "AccessDeniedException",
  "ResourceNotFoundException",
  "CodeSigningConfigNotFoundException",
]);

function sendError(request: ServiceRequest, response: ServerResponse, error: AwsError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const key = CAPITAL_MESSAGE.has(error.code) ? "Message" : "message";
  const message = error.message === "" ? null : error.message;
  const body = Buffer.from(JSON.stringify({ ...error.members, [key]: message }));
  response.writeHead(error.statusCode, {
    "Content-Type": "application/json",
    "Content-Length": body.length,
    "x-amzn-RequestId": request.requestId,
    "x-amzn-ErrorType": error.code,
    ...error.headers,
  });
  response.end(body);
}
