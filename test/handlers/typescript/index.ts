import { S3Client } from "@aws-sdk/client-s3";
import { describe } from "./part";

interface Event {
  readonly fail?: boolean;
}

export const handler = async (event: Event): Promise<object> => {
  if (event.fail === true) describe(undefined);
  return { client: typeof S3Client, told: describe({ name: "typed" }), dir: __dirname };
};
