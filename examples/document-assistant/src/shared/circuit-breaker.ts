/**
 * One breaker for each library, its state in a table: all environments of all functions see the same.
 *
 *   closed --CIRCUIT_FAILURES failures in a row--> open --CIRCUIT_OPEN_SECONDS--> one probe --ok--> closed
 *                                                    ^------------- failed -----------'
 */
import { GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { tableClient } from "./clients.js";
import { LibraryError, messageOf, nameOf } from "./errors.js";
import { log } from "./log.js";
import { count, emitMetrics } from "./metrics.js";

export interface BreakerSettings {
  readonly table: string;
  readonly failures: number;
  readonly openSeconds: number;
}

interface Circuit {
  /** In a row. */
  readonly failures?: number;
  /** Epoch ms; the circuit is open until then. */
  readonly open_until?: number;
}

export class CircuitBreaker {
  readonly #settings: BreakerSettings;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
  }

  /** Throws a LibraryError when the library is not to be asked. Resolves to whether a success is worth a write. */
  async admit(library: string): Promise<{ readonly hasFailed: boolean }> {
    const { table, failures: limit, openSeconds } = this.#settings;
    const { failures = 0, open_until: openUntil = 0 } = await this.#read(library);
    if (failures < limit) return { hasFailed: failures > 0 };
    const now = Date.now();
    if (openUntil > now) throw open(library, failures);
    // Half open: whoever moves the time on is the probe, the others go on waiting.
    try {
      await tableClient().send(
        new UpdateCommand({
          TableName: table,
          Key: { library },
          UpdateExpression: "SET open_until = :next",
          ConditionExpression: "open_until = :seen",
          ExpressionAttributeValues: { ":next": now + openSeconds * 1000, ":seen": openUntil },
        }),
      );
    } catch (error) {
      if (nameOf(error) === "ConditionalCheckFailedException") throw open(library, failures);
      warn("no probe could be booked", library, error);
    }
    return { hasFailed: true };
  }

  async succeeded(library: string): Promise<void> {
    await this.#write(library, "SET failures = :none, open_until = :none", { ":none": 0 });
    emitMetrics({ Library: library }, { CircuitOpen: count(0) });
  }

  async failed(library: string, reason: string): Promise<void> {
    const { failures: limit, openSeconds } = this.#settings;
    const now = Date.now();
    const circuit = await this.#write(
      library,
      "SET last_failure = :reason, open_until = if_not_exists(open_until, :none) ADD failures :one",
      { ":reason": reason, ":none": 0, ":one": 1 },
    );
    if ((circuit?.failures ?? 0) < limit) return;
    await this.#write(library, "SET open_until = :until", { ":until": now + openSeconds * 1000 });
    emitMetrics({ Library: library }, { CircuitOpen: count(1) });
  }

  async #read(library: string): Promise<Circuit> {
    try {
      const { Item } = await tableClient().send(
        new GetCommand({ TableName: this.#settings.table, Key: { library }, ConsistentRead: true }),
      );
      return Item ?? {};
    } catch (error) {
      // Without its table the breaker is closed: it shall protect from outages, not make one.
      warn("the circuit could not be read", library, error);
      return {};
    }
  }

  async #write(
    library: string,
    UpdateExpression: string,
    ExpressionAttributeValues: Record<string, unknown>,
  ): Promise<Circuit | undefined> {
    try {
      const { Attributes } = await tableClient().send(
        new UpdateCommand({
          TableName: this.#settings.table,
          Key: { library },
          UpdateExpression,
          ExpressionAttributeValues,
          ReturnValues: "ALL_NEW",
        }),
      );
      return Attributes;
    } catch (error) {
      warn("the circuit could not be written", library, error);
      return undefined;
    }
  }
}

const open = (library: string, failures: number): LibraryError =>
  new LibraryError(library, "circuit-open", `not asked: it failed ${failures} times in a row`);

const warn = (message: string, library: string, error: unknown): void =>
  log("WARN", message, { library, reason: messageOf(error) });
