/**
 * The names and causes of failed calls. Optimised integrations speak through version 1 of the AWS SDK for Java, `aws-sdk:`
 * through version 2; both show in the texts, as recorded on AWS (2023 to 2025). An exception of the API model has its own
 * name, any other that of the service's base class.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
import { StatesError } from "../../services/states/interpreter/states-error.js";
import { messageOf } from "../../shared/errors.js";
import { ServiceFault } from "./service-call.js";

/** How version 1 calls a service, and Step Functions its errors. */
export interface OptimisedNames {
  /** `SQS` of `SQS.AmazonSQSException`. */
  readonly prefix: string;
  /** `AmazonSQS` of `(Service: AmazonSQS; ...)`. */
  readonly service: string;
  readonly baseException: string;
}

/** Runs an optimised integration; what fails has the names of version 1. */
export async function optimised<T>(names: OptimisedNames, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof StatesError ? error : optimisedFailure(names, error);
  }
}

/** What is no answer of the service could not be sent. */
function optimisedFailure({ prefix, service, baseException }: OptimisedNames, error: unknown): StatesError {
  if (!(error instanceof ServiceFault)) return new StatesError(`${prefix}.SdkClientException`, messageOf(error));
  const { code, shape, message, statusCode, requestId } = error.parts;
  const exception = shape === undefined ? baseException : withSuffix(shape);
  return new StatesError(
    `${prefix}.${exception}`,
    `${message ?? "null"} (Service: ${service}; Status Code: ${statusCode}; Error Code: ${code}; Request ID: ${requestId}; Proxy: null)`,
  );
}

/** An error of an `aws-sdk:` integration; `service` is version 2's name, `DynamoDb`. */
export function sdkFailure(service: string, error: unknown): StatesError {
  if (!(error instanceof ServiceFault)) return new StatesError(`${service}.SdkClientException`, messageOf(error));
  const { shape, message, statusCode, requestId, extendedRequestId } = error.parts;
  const exception = shape === undefined ? `${service}Exception` : withSuffix(asWords(shape));
  const extended = extendedRequestId === undefined ? "" : `, Extended Request ID: ${extendedRequestId}`;
  return new StatesError(
    `${service}.${exception}`,
    `${message ?? "null"} (Service: ${service}, Status Code: ${statusCode}, Request ID: ${requestId}${extended})`,
  );
}

/** Classes of Java end in Exception, whatever the model calls the error: `QueueDoesNotExistException`. */
const withSuffix = (shape: string): string =>
  shape.endsWith("Exception") ? shape : `${shape.replace(/Fault$/, "")}Exception`;

/** Version 2 writes acronyms as words: `KmsDisabledException`. */
const asWords = (shape: string): string =>
  shape.replace(/([A-Z]+)(?=[A-Z][a-z]|$)/g, (acronym) => acronym.charAt(0) + acronym.slice(1).toLowerCase());
