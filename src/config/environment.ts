/**
 * What Lambda accepts as environment variables, with its own texts.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
import { LAMBDA } from "../shared/aws-limits.js";

/** Set by the platform; a function cannot set them. */
const RESERVED_ENVIRONMENT: ReadonlySet<string> = new Set([
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_DEFAULT_REGION",
  "AWS_EXECUTION_ENV",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_REGION",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
]);

/** Lambda's own pattern: a letter, then at least one letter, digit or underscore. */
const NAME_PATTERN = "[a-zA-Z]([a-zA-Z0-9_])+";
const NAME = new RegExp(`^${NAME_PATTERN}$`);

/** AWS's refusal, and the variable it is about when it is about one. Undefined = fine. */
export function environmentFault(
  variables: Readonly<Record<string, string>>,
): { readonly message: string; readonly variable?: string } | undefined {
  const names = Object.keys(variables);
  const reserved = names.filter((name) => RESERVED_ENVIRONMENT.has(name));
  const [first] = reserved;
  if (first !== undefined) {
    const message =
      "Lambda was unable to configure your environment variables because the environment variables you have provided " +
      `contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`;
    return { message, variable: first };
  }
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined) {
    return {
      message: `Environment variable names must satisfy the regular expression pattern: ${NAME_PATTERN}`,
      variable: wrong,
    };
  }
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) <= LAMBDA.environmentBytes) return undefined;
  const message =
    "Lambda was unable to configure your environment variables because the environment variables you have provided " +
    `exceeded the 4KB limit. String measured: ${measured}`;
  return { message };
}
