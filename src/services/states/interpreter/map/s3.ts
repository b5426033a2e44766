/** The calls to S3 that a distributed Map makes by itself, through the runner of tasks. */
import { objectOf, textOf, type Json, type JsonObject } from "../../../../config/json.js";
import type { Run } from "../run.js";
import { StateFailure, StatesError } from "../states-error.js";

/** Nothing of a call of S3 comes before its answer. */
const NO_PROGRESS = { submitted: () => undefined, started: () => undefined, heartbeat: () => undefined };

export class S3Calls {
  readonly #run: Run;
  readonly #signal: AbortSignal;
  readonly #error: string;

  /** `error` is what a call that fails fails the state with: `States.ItemReaderFailed`. */
  constructor(run: Run, signal: AbortSignal, error: string) {
    this.#run = run;
    this.#signal = signal;
    this.#error = error;
  }

  async text(parameters: JsonObject): Promise<string> {
    return textOf(objectOf(await this.#call("getObject", parameters))["Body"]);
  }

  /** All objects of a listing, page by page. */
  async *objects(parameters: JsonObject): AsyncGenerator<JsonObject> {
    let token: Json | undefined;
    do {
      const asked = token === undefined ? parameters : { ...parameters, ContinuationToken: token };
      const page = objectOf(await this.#call("listObjectsV2", asked));
      for (const object of (page["Contents"] ?? []) as readonly Json[]) yield objectOf(object);
      token = page["NextContinuationToken"];
    } while (typeof token === "string");
  }

  async put(bucket: string, key: string, text: string): Promise<void> {
    await this.#call("putObject", { Bucket: bucket, Key: key, Body: text, ContentType: "application/json" });
  }

  async #call(action: string, parameters: JsonObject): Promise<Json> {
    const call = {
      resource: { kind: "service", service: "aws-sdk:s3", action, pattern: "request-response" },
      parameters,
      token: undefined,
      executionArn: this.#run.executionArn,
      heartbeatSeconds: undefined,
      credentials: undefined,
    } as const;
    try {
      return await this.#run.tasks.run(call, NO_PROGRESS, this.#signal);
    } catch (thrown) {
      if (this.#signal.aborted || !(thrown instanceof StatesError)) throw thrown;
      throw new StateFailure(this.#error, thrown.failure.cause);
    }
  }
}
