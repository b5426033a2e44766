/** Errors of STS in AWS's words. */
import { AwsError } from "../kit/aws-error.js";

/** Code under which this service reports broken constraints. */
export const VALIDATION_CODE = "ValidationError";

export const validationError = (message: string): AwsError => new AwsError(VALIDATION_CODE, message);

export const missingToken = (): AwsError =>
  new AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", { statusCode: 403 });

export const accessDenied = (message: string): AwsError => new AwsError("AccessDenied", message, { statusCode: 403 });

export const notEmulated = (action: string): AwsError =>
  new AwsError("InvalidAction", `The action ${action} is not emulated by lambda-run.`);
