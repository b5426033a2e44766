/** What EventBridge Pipes refuses, in its words. */
import { AwsError } from "../kit/aws-error.js";

export const pipesError = {
  validation: (message: string): AwsError => new AwsError("ValidationException", message),
  /**
   * What the members say together. The form as users quote it:
   * https://github.com/hashicorp/terraform-provider-aws/issues/32018
   */
  field: (name: string, reason: string): AwsError =>
    new AwsError("ValidationException", JSON.stringify({ ValidationErrorFields: [{ Name: name, Message: reason }] }), {
      members: { fieldList: [{ name, message: reason }] },
    }),
  noPipe: (name: string): AwsError =>
    new AwsError("NotFoundException", `Pipe ${name} does not exist.`, { statusCode: 404 }),
  exists: (name: string): AwsError => conflict(name, `Pipe ${name} already exists.`),
  busy: (name: string, state: string): AwsError => conflict(name, `Pipe ${name} is in state ${state}.`),
  notEmulated: (what: string): AwsError =>
    new AwsError("UnknownOperationException", `${what} is not emulated by lambda-run.`, { statusCode: 404 }),
};

/** The same for a person. */
export function reasonOf({ message, members }: AwsError): string {
  const [first] = (members["fieldList"] ?? []) as readonly { readonly name: string; readonly message: string }[];
  return first === undefined ? message : `${first.name}: ${first.message}`;
}

const conflict = (name: string, message: string): AwsError =>
  new AwsError("ConflictException", message, {
    statusCode: 409,
    members: { resourceId: name, resourceType: "pipe" },
  });
