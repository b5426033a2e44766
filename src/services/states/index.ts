/**
 * # Step Functions
 *
 * Mimics: JSON 1.0, API version 2016-11-23: state machines, versions, aliases, tags, Standard and Express executions,
 * histories, redrive, Map Runs, activities, task tokens. Rules from the API reference, texts as recorded on AWS between
 * August 2023 and October 2025.
 *
 * Gaps:
 * - After a restart an execution goes on with the state at the top that it was in, which starts anew: its task runs again,
 *   a task token given out before is of a task that is gone, a distributed Map has a new Map Run
 * - Express executions are told to CloudWatch Logs only, as on AWS; a synchronous one ends with the process
 * - A redriven execution enters its state anew, with all its branches and iterations (AWS goes on behind the entry, with those that
 *   did not succeed); Map Runs are not redriven: the Map starts anew
 * - Roles are kept and shown, not assumed; tracingConfiguration and traceHeader are kept and shown, no trace is sent
 * - encryptionConfiguration is kept and shown, without effect
 * - Definitions: variables that no state assigns, `$states.result` where there is none, and parameters of an integration beyond
 *   those that it cannot do without are not found at CreateStateMachine
 * - TestState: mocked results are held against the APIs of DynamoDB, Lambda, S3, Secrets Manager, SNS, SQS, SSM, STS, and of
 *   PutEvents, StartExecution, Encrypt, Decrypt and GenerateDataKey, without lengths and patterns of texts
 * - Tasks: functions, activities, lambda:invoke, sqs:sendMessage, sns:publish, dynamodb:getItem, putItem, updateItem and
 *   deleteItem, events:putEvents, states:startExecution, http:invoke, apigateway:invoke on APIs of the template, and `aws-sdk:` for
 *   services that are embedded; every other resource fails the task with States.Runtime by name
 * - Tasks: `Credentials` and the authorization of apigateway:invoke are not looked at; functions run here though the Lambda API
 *   is on another server; parameters of `aws-sdk:` for CloudWatch, CloudWatch Logs, EventBridge, Kinesis, Scheduler and Step Functions are
 *   not checked before the call, and keep the API's spelling (OKActions)
 * - Distributed Map: an ItemReader with InputType PARQUET, inventories of other files than CSV, and compressed files fail the Map
 *   Run with States.ItemReaderFailed by name; a file is read whole into memory; ResultWriter writes one file a status
 * - Paths: of the functions that may end a path there are length, size, keys, first, last, min, max, sum, avg
 * - JSONata 2.2.2 (AWS: 2.0.6): memory is bounded by the lengths of lists alone; `$now` and `$millis` are those of the machine
 * - A task that could not even be started or submitted is shown as failed: `TaskFailed`, `LambdaFunctionFailed`, `ActivityFailed`
 *   stand for the events that AWS has for it (`TaskSubmitFailed`, `LambdaFunctionStartFailed` ...)
 * - The quota of 10 MiB for all variables of an execution is not held; that of 256 KiB for one Assign is
 * - JSON documents are written anew, without the white space that AWS keeps in what it hands on unchanged
 * - clientToken of RedriveExecution is not looked at; DescribeStateMachine has no variableReferences
 *
 * By design:
 * - A machine of the template takes the template's definition when the stack starts or reloads; running executions keep theirs
 * - DeleteStateMachine removes what the machine ever ran; while an execution is still in a state the machine is DELETING
 * - Executions are forgotten 90 days after their end, some with each start
 * - http:invoke calls HTTPS, and HTTP as API destinations do; the stack's own APIs are called where they are on this machine. A
 *   connection is one of the embedded EventBridge
 *
 * Client quirks:
 * - SDKs put `sync-` before the host of StartSyncExecution and TestState. Such a request is taken, if the name resolves: for
 *   `sync-127.0.0.1` it does not, and SDKs want `disableHostPrefix`, boto3 `inject_host_prefix=False`
 *
 * Unverified:
 * - That definitions and inputs nest no deeper than 1000 levels, as their parser reads by default, and the words for it
 * - Texts of refused aliases, encryption configurations, tags and redrives; the conflict of a revision that is not the current one
 * - Definitions: texts about lower bounds, closed lists of words, members of which one may stand, variable names, labels, reference
 *   paths and Express workflows beyond `.sync`; the codes are those of the API reference
 * - TestState: texts about what a mock misses, about contexts, iteration counts and tasks that wait when there is no mock, and about
 *   `errorCausedByState`
 * - The failure of a task whose activity is not there; which texts are taken for tokens of tasks that are gone
 * - What AWS says of a Wait in JSONata whose seconds are negative or no whole number, and of an Assign over its quota
 * - That `States.HeartbeatTimeout` takes missed heartbeats, whose error is recorded as `States.Timeout`
 * - Which events the branches of a stopped execution leave behind: none here
 * - Tasks: the result of lambda:invoke with the types Event and DryRun; sentences about fields that apigateway:invoke does not
 *   take; the error of an API that is not there; that a string which is JSON is taken as JSON by lambda:invoke and startExecution
 *   is recorded, that null becomes an empty object second hand; bytes in base64;
 *   that `aws-sdk:` takes members in the API's spelling (BOOL), too, where AWS shows that of its Java SDK (Bool)
 * - An intrinsic function that refuses its arguments fails the state with States.Runtime, as reported from AWS (its page says
 *   States.IntrinsicFailure); texts of ResultPath without a place and of paths through something that is no object
 * - http:invoke: names of answered headers in small letters, as AWS's example has them; that a server out of reach is
 *   States.Http.Socket, too, as one that is slow; causes of States.Runtime; commas of ArrayFormat COMMAS are percent-encoded
 * - Distributed Map: records of failed and pending children, the names of JSONL files, `Source` of items
 * - What a log line without execution data still holds
 */
import type { ServerResponse } from "node:http";
import { MEBIBYTE } from "../../shared/aws-limits.js";
import { handleJson } from "../kit/json-protocol.js";
import type { EmbeddedService, ServiceContext, ServiceRequest } from "../service.js";
import type { StatesAdmin } from "./admin.js";
import type { StatesContext } from "./context.js";
import type { RunContext, StatesCollaborators } from "./run-context.js";
import { createStatesAdmin } from "./declared.js";
import { statesOperations } from "./dispatch.js";
import { Activities } from "./executions/activities.js";
import { Callbacks } from "./executions/callbacks.js";
import { ExecutionRuns } from "./executions/runs.js";
import { StatesStore } from "./store.js";

export type { ExecutionSummary, StatesAdmin } from "./admin.js";
export type { StatesCollaborators } from "./run-context.js";

export type StatesService = EmbeddedService & StatesAdmin;

/** A definition may be 1 MiB, and six times that when every character of its JSON is escaped. */
const MAX_BODY_BYTES = 8 * MEBIBYTE;

export function createStatesService(service: ServiceContext, collaborators: StatesCollaborators): StatesService {
  const { clock, realm, log, bus } = service;
  const store = new StatesStore(service.store);
  const runContext: RunContext = { store, clock, realm, log, bus, ...collaborators };
  const runs = new ExecutionRuns(runContext);
  const callbacks = new Callbacks();
  const activities = new Activities(clock, callbacks);
  const responses = new WeakMap<ServiceRequest, ServerResponse>();
  const context: StatesContext = {
    runs,
    callbacks,
    activities,
    responseOf: (request) => responses.get(request),
    ...runContext,
  };
  const options = {
    version: "1.0",
    errorNamespace: "com.amazonaws.swf.service.v2.model#",
    operations: statesOperations(context),
    maxBodyBytes: MAX_BODY_BYTES,
    log,
  } as const;
  return {
    ...createStatesAdmin(context),
    handle: (request: ServiceRequest, response: ServerResponse) => {
      responses.set(request, response);
      return handleJson(request, response, options);
    },
    reset: async () => {
      await runs.drop();
      await store.clear();
    },
    close: async () => {
      activities.close();
      await runs.drop();
    },
  };
}
