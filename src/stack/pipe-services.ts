/** What pipes reach of a stack: functions in this process, services behind the gateway, APIs through their own doors. */
import { objectOf } from "../config/json.js";
import type { EventsAdmin } from "../services/events/index.js";
import { AwsError } from "../services/kit/aws-error.js";
import type { KinesisAdmin } from "../services/kinesis/index.js";
import type { LogsService } from "../services/logs/index.js";
import type { EmbeddedService } from "../services/service.js";
import type { SnsAdmin } from "../services/sns/index.js";
import type { StatesAdmin } from "../services/states/index.js";
import { StatesError } from "../services/states/interpreter/states-error.js";
import { apiRoute } from "../sources/pipes/http-parameters.js";
import type { HttpCall, PipeServices } from "../sources/pipes/services.js";
import type { QueueSender } from "../sources/sqs/queue-sender.js";
import type { Activity } from "./activity.js";
import { apiIntegration, type ApiCalls } from "./tasks/api-invoke.js";
import { Functions, type FunctionsOptions } from "./tasks/functions.js";
import { asText, ServiceFault } from "./tasks/service-call.js";

export interface PipeServiceOptions extends FunctionsOptions, ApiCalls {
  readonly service: (name: string) => Promise<EmbeddedService>;
  readonly queues: () => Promise<QueueSender>;
  readonly activity: Activity;
}

export function pipeServices(options: PipeServiceOptions): PipeServices {
  const { service, queues, activity } = options;
  const functions = new Functions(options);
  const api = apiIntegration(options);
  const states = async (): Promise<StatesAdmin> => (await service("states")) as EmbeddedService & StatesAdmin;
  const counted =
    <A extends readonly unknown[], T>(call: (...given: A) => Promise<T>): ((...given: A) => Promise<T>) =>
    (...given) =>
      activity.during(() => call(...given));
  return {
    queues,
    invoke: counted((functionName, payload) =>
      asService(() => functions.run({ functionName, payload: Buffer.from(payload) })),
    ),
    enqueue: counted(async (functionName, payload) => {
      await asService(() => functions.enqueue({ functionName, payload: Buffer.from(payload) }));
    }),
    startExecution: counted(async (stateMachineArn, input) => {
      await (await states()).startExecution({ stateMachineArn, input });
    }),
    // Not counted: it may wait for the clock.
    runExecution: async (stateMachineArn, input) => (await states()).startSyncExecution({ stateMachineArn, input }),
    publish: counted(async (topicArn, message) => {
      await ((await service("sns")) as EmbeddedService & SnsAdmin).publish(topicArn, message, {});
    }),
    putEvents: counted(async (entries) =>
      ((await service("events")) as EmbeddedService & EventsAdmin).putEvents(entries),
    ),
    putRecord: counted(async (streamArn, record) =>
      ((await service("kinesis")) as EmbeddedService & KinesisAdmin).putRecord(streamArn, record),
    ),
    writeLog: counted(async (groupName, streamName, events) => {
      const logs = (await service("logs")) as LogsService;
      if (!logs.groupExists(groupName))
        throw new AwsError("ResourceNotFoundException", "The specified log group does not exist.");
      await logs.append(groupName, streamName, events);
    }),
    callApi: counted((call) => callApi(call, api)),
  };
}

async function asService<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    const { code, message = code, statusCode } = error.parts;
    throw new AwsError(code, message, { statusCode, cause: error });
  }
}

async function callApi(
  { arn, headers, query, body }: HttpCall,
  api: ReturnType<typeof apiIntegration>,
): Promise<string> {
  const { apiId, stage, method, path } = apiRoute(arn);
  const parameters = {
    ApiEndpoint: `${apiId}.execute-api`,
    Method: method,
    Stage: stage,
    Path: path,
    Headers: headers,
    QueryParameters: query,
    RequestBody: body,
    AuthType: "IAM_ROLE",
  };
  try {
    const answer = await api.request(parameters, arn, new AbortController().signal, () => undefined);
    return asText(objectOf(answer)["ResponseBody"] ?? "");
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    // `ApiGateway.STATUS`; anything else says that no answer came.
    const statusCode = Number(/^ApiGateway\.(\d+)$/.exec(error.failure.error ?? "")?.[1] ?? UNREACHED);
    throw new AwsError(error.failure.error ?? "", error.message, { statusCode, cause: error });
  }
}

/** An API that is not there is a mistake of the pipe. */
const UNREACHED = 400;
