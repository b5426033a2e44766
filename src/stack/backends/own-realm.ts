/** The account and region for which a template is read when services are in the user's AWS account. */
import type { LoadOptions } from "../../config/load-application.js";

/** Brings the AWS SDK with it when it is called, and not before. */
export const ownRealm: NonNullable<LoadOptions["account"]> = async (asked) =>
  (await import("./aws-account.js")).awsRealm(asked);
