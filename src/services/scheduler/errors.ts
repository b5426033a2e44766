/** What EventBridge Scheduler refuses, in its words. */
import { AwsError } from "../kit/aws-error.js";

/** `Message` has a capital in the API model. */
const refusal = (code: string, message: string, statusCode: number): AwsError =>
  new AwsError(code, message, { statusCode, members: { Message: message } });

export const schedulerError = {
  validation: (message: string): AwsError => refusal("ValidationException", message, 400),
  noSchedule: (name: string): AwsError => refusal("ResourceNotFoundException", `Schedule ${name} does not exist.`, 404),
  noGroup: (name: string): AwsError =>
    refusal("ResourceNotFoundException", `Schedule group ${name} does not exist.`, 404),
  scheduleExists: (name: string): AwsError => refusal("ConflictException", `Schedule ${name} already exists.`, 409),
  groupExists: (name: string): AwsError => refusal("ConflictException", `Schedule group ${name} already exists.`, 409),
  notEmulated: (what: string): AwsError =>
    new AwsError("UnknownOperationException", `${what} is not emulated by lambda-run.`, { statusCode: 404 }),
};
