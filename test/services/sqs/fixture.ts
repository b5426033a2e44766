/** SQS behind a plain server, the official client on it, and raw calls in the query protocol. */
import { SQSClient } from "@aws-sdk/client-sqs";
import { createSqsService } from "../../../src/services/sqs/index.js";
import { serveService, type ServedService } from "../harness.js";

type SqsService = ReturnType<typeof createSqsService>;

export interface SqsFixture extends ServedService<SqsService> {
  readonly sqs: SQSClient;
  /** One call in the query protocol; answers the status and the XML. */
  query(
    parameters: Readonly<Record<string, string>>,
    path?: string,
  ): Promise<{ readonly status: number; readonly xml: string }>;
  /** The code that the header tells to clients of old, with the code and message of the body. */
  failure(
    target: string,
    body: unknown,
  ): Promise<{
    readonly status: number;
    readonly header: string | null;
    readonly type: string;
    readonly message: string;
  }>;
}

export async function startSqs(): Promise<SqsFixture> {
  const served = await serveService(createSqsService);
  const sqs = new SQSClient(served.client);
  return {
    ...served,
    sqs,
    query: async (parameters, path = "/") => {
      const answer = await fetch(`${served.endpoint}${path}`, {
        method: "POST",
        body: new URLSearchParams(parameters),
      });
      return { status: answer.status, xml: await answer.text() };
    },
    failure: async (target, body) => {
      const answer = await fetch(served.endpoint, {
        method: "POST",
        headers: { "x-amz-target": `AmazonSQS.${target}`, "content-type": "application/x-amz-json-1.0" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      const { __type: type = "", message = "" } = (await answer.json()) as { __type?: string; message?: string };
      return { status: answer.status, header: answer.headers.get("x-amzn-query-error"), type, message };
    },
    stop: async () => {
      sqs.destroy();
      await served.stop();
    },
  };
}
