/** Between a poller, which speaks of records and of answers of functions, and an execution of a pipe. */
import { randomUUID } from "node:crypto";
import type { InvokeAnswer } from "../../runtime/types.js";
import type { Logger } from "../../shared/logger.js";
import { idOf, type Members } from "./event.js";
import { BatchFailed, PipeMustStop } from "./failures.js";

export interface PolledOptions {
  readonly name: string;
  readonly log: Logger;
  /** As `runExecution`. */
  readonly run: (events: readonly Members[]) => Promise<void>;
  /** The pipe cannot go on. */
  readonly mustStop: (reason: string) => void;
  /** By what the poller knows a record. */
  readonly identifier: (record: Members) => string;
  /** What the pipe carries of a record. */
  readonly eventOf: (record: Members) => Members;
  /** The next try leaves out what is through: a stream has no way to take single records out. */
  readonly remembers: boolean;
}

export class PolledBatches {
  readonly #options: PolledOptions;
  /** Records that are through while others of their batch are not. */
  readonly #through = new Set<string>();

  constructor(options: PolledOptions) {
    this.#options = options;
  }

  /** What a poller calls with its batches, as it would a function. */
  readonly invoke = async (payload: Buffer): Promise<InvokeAnswer> => {
    const { Records: records } = JSON.parse(payload.toString("utf8")) as { readonly Records: readonly Members[] };
    const { name, log, run, mustStop, identifier, eventOf, remembers } = this.#options;
    const wanted = records
      .filter((record) => !this.#through.has(identifier(record)))
      .map((record) => ({ id: identifier(record), event: eventOf(record) }));
    try {
      if (wanted.length > 0) await run(wanted.map(({ event }) => event));
      this.forget(records);
      return answer({});
    } catch (error) {
      if (error instanceof PipeMustStop) mustStop(error.message);
      else if (!(error instanceof BatchFailed)) throw error;
      log.warn({ pipe: name, reason: error.message }, "a batch did not get through a pipe");
      const ids = new Set(wanted.map(({ event }) => idOf(event)));
      const failed = error instanceof BatchFailed ? error.failed : "all";
      // An enrichment may have made up an id: then nobody knows whose it is.
      if (failed === "all" || ![...failed].every((id) => ids.has(id)))
        return answer({ errorMessage: error.message }, "Unhandled");
      const left = new Set(wanted.filter(({ event }) => failed.has(idOf(event) ?? "")).map(({ id }) => id));
      if (remembers) for (const { id } of wanted) if (!left.has(id)) this.#through.add(id);
      return answer({ batchItemFailures: [...left].map((itemIdentifier) => ({ itemIdentifier })) });
    }
  };

  /** They do not come again. */
  forget(records: readonly Members[]): void {
    for (const record of records) this.#through.delete(this.#options.identifier(record));
  }
}

const answer = (value: unknown, functionError?: "Unhandled"): InvokeAnswer => ({
  requestId: randomUUID(),
  executedVersion: "",
  payload: Buffer.from(JSON.stringify(value)),
  functionError,
});
