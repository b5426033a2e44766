/**
 * What a Task can name as its resource: a function, an activity, an API of an SDK, or one of the optimised integrations,
 * each of which has its own patterns.
 * https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
 */
import type { Json, JsonObject } from "../../../config/json.js";
import { isJsonObject, jsonText } from "../../../config/json.js";
import { parseResource } from "../interpreter/resource.js";
import type { TaskPattern, TaskResource } from "../interpreter/task-runner.js";
import type { Place } from "./place.js";
import type { Check, Reading } from "./values.js";

type ServiceResource = TaskResource & { readonly kind: "service" };

/** The actions of each service, with the patterns beside request-response: s `.sync`, 2 `.sync:2`, t `.waitForTaskToken`. */
const INTEGRATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  apigateway: { invoke: "t" },
  athena: { startQueryExecution: "s", stopQueryExecution: "", getQueryExecution: "", getQueryResults: "" },
  batch: { submitJob: "s" },
  bedrock: { invokeModel: "t", createModelCustomizationJob: "s" },
  codebuild: {
    startBuild: "s",
    stopBuild: "",
    batchDeleteBuilds: "",
    batchGetReports: "",
    startBuildBatch: "s",
    stopBuildBatch: "",
    retryBuildBatch: "s",
    deleteBuildBatch: "",
    batchGetBuildBatches: "",
  },
  databrew: { startJobRun: "s" },
  dynamodb: { getItem: "", putItem: "", updateItem: "", deleteItem: "" },
  ecs: { runTask: "st" },
  eks: { call: "", runJob: "st", createCluster: "s", deleteCluster: "s", createNodegroup: "s", deleteNodegroup: "s" },
  elasticmapreduce: {
    createCluster: "s",
    terminateCluster: "s",
    addStep: "s",
    cancelStep: "",
    setClusterTerminationProtection: "",
    modifyInstanceFleetByName: "",
    modifyInstanceGroupByName: "",
  },
  "emr-containers": { createVirtualCluster: "", deleteVirtualCluster: "s", startJobRun: "s" },
  "emr-serverless": {
    createApplication: "s",
    startApplication: "s",
    stopApplication: "s",
    deleteApplication: "s",
    startJobRun: "s",
    cancelJobRun: "s",
  },
  events: { putEvents: "t" },
  glue: { startJobRun: "s" },
  http: { invoke: "" },
  lambda: { invoke: "t" },
  mediaconvert: { createJob: "s" },
  sagemaker: {
    createEndpoint: "",
    createEndpointConfig: "",
    createHyperParameterTuningJob: "s",
    createLabelingJob: "s",
    createModel: "",
    createProcessingJob: "s",
    createTrainingJob: "s",
    createTransformJob: "s",
    updateEndpoint: "",
  },
  sns: { publish: "t" },
  sqs: { sendMessage: "t" },
  states: { startExecution: "s2t" },
};

const PATTERN_LETTERS: Readonly<Record<TaskPattern, string>> = {
  "request-response": "",
  sync: "s",
  "sync:2": "2",
  waitForTaskToken: "t",
};

/** What a resource names; undefined when it is none. */
export function resourceIn(text: Json | undefined): TaskResource | undefined {
  try {
    return typeof text === "string" ? parseResource(text) : undefined;
  } catch {
    return undefined;
  }
}

function isOffered({ service, action, pattern }: ServiceResource): boolean {
  if (service.startsWith("aws-sdk:")) {
    return /^[a-z]/.test(action) && (pattern === "request-response" || pattern === "waitForTaskToken");
  }
  const actions = Object.hasOwn(INTEGRATIONS, service) ? INTEGRATIONS[service] : undefined;
  const patterns = actions !== undefined && Object.hasOwn(actions, action) ? actions[action] : undefined;
  return patterns?.includes(PATTERN_LETTERS[pattern]) ?? false;
}

/** ItemReader and ResultWriter name an action of S3, with these names and as nothing else. */
export function storage(actions: readonly string[]): Check {
  return (value, place) => {
    const named = resourceIn(value);
    const isStorage = named?.kind === "service" && named.service === "s3" && named.pattern === "request-response";
    if (!isStorage || !actions.includes(named.action)) {
      refuseUnknown(value, place);
    }
  };
}

export const resource: Check = (value, place, reading) => {
  if (typeof value !== "string") {
    place.refuse("Expected value of type String");
    return;
  }
  const named = resourceIn(value);
  if (named === undefined || (named.kind === "service" && !isOffered(named))) {
    refuseUnknown(value, place);
  } else {
    checkExpress(named, place, reading);
  }
};

function refuseUnknown(value: Json, place: Place): void {
  place.refuse(
    `The resource provided ${jsonText(value)} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`,
  );
}

/** Express workflows end within minutes and cannot be called back. */
function checkExpress(named: TaskResource, place: Place, reading: Reading): void {
  if (reading.type !== "EXPRESS") {
    return;
  }
  if (named.kind === "activity") {
    place.refuse("Express state machine does not support Activity ARNs");
  } else if (named.kind === "service" && named.pattern !== "request-response") {
    const suffix = named.pattern === "waitForTaskToken" ? ".waitForTaskToken" : ".sync";
    place.refuse(`Express state machine does not support '${suffix}' service integration`);
  }
}

/** What an integration cannot be called without. */
const REQUIRED_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  "lambda:invoke": ["FunctionName"],
  "sqs:sendMessage": ["QueueUrl", "MessageBody"],
  "sns:publish": ["Message"],
  "states:startExecution": ["StateMachineArn"],
  "events:putEvents": ["Entries"],
  "dynamodb:getItem": ["TableName", "Key"],
  "dynamodb:putItem": ["TableName", "Item"],
  "dynamodb:updateItem": ["TableName", "Key"],
  "dynamodb:deleteItem": ["TableName", "Key"],
};

/** Parameters or Arguments that are spelled out: one expression for all of them is known only when it is evaluated. */
export function checkParameters(state: JsonObject, place: Place): void {
  const named = resourceIn(state["Resource"]);
  if (named?.kind !== "service") {
    return;
  }
  const required = REQUIRED_PARAMETERS[`${named.service}:${named.action}`] ?? [];
  for (const member of ["Parameters", "Arguments"]) {
    const parameters = state[member];
    if (isJsonObject(parameters)) {
      checkRequired(parameters, required, place.member(member));
    }
  }
}

/** Given as it is, or by a path. */
export function checkRequired(parameters: JsonObject, required: readonly string[], place: Place): void {
  for (const name of required) {
    if (parameters[name] === undefined && parameters[`${name}.$`] === undefined) {
      place.refuse(`The field '${name}' is required but was missing`);
    }
  }
}
