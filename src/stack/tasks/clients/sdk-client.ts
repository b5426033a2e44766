/** Calls through the clients of the AWS SDK that are dependencies of lambda-run; each is loaded at its first call. */
import type { JsonObject } from "../../../config/json.js";
import { clientOptions, type ServiceAddress } from "../../backends/endpoints.js";
import { ServiceFault, type HttpAnswer, type ServiceAnswer, type ServiceClient } from "../service-call.js";
import type { Names } from "./members.js";
import { parameterFaults } from "./parameter-faults.js";
import { fromSdk, toSdk, type Schema } from "./values.js";

/** What all packages of clients have, under names of their own: `S3Client`, `PutObjectCommand`. */
type Package = Readonly<Record<string, unknown>>;

interface Command {
  readonly schema?: readonly unknown[];
  readonly middlewareStack: {
    add(middleware: (next: Next) => Next, options: { readonly step: "deserialize"; readonly priority: "high" }): void;
  };
}

type Next = (args: object) => Promise<{ readonly response?: unknown }>;

interface Client {
  send(command: Command, options: { readonly abortSignal: AbortSignal }): Promise<Record<string, unknown>>;
  destroy(): void;
}

export interface SdkPackage {
  readonly load: () => Promise<Package>;
  /** `S3` of `S3Client` and `S3ServiceException`. */
  readonly name: string;
}

/** An error of the SDK that came with an answer of the service. */
interface SdkError extends Error {
  readonly $metadata: {
    readonly httpStatusCode?: number;
    readonly requestId?: string;
    readonly extendedRequestId?: string;
  };
  /** Where the wire has another code than the model. */
  readonly Code?: string;
  readonly Error?: { readonly Code?: string };
}

export class SdkClient implements ServiceClient {
  readonly #package: Package;
  readonly #name: string;
  readonly #client: Client;

  constructor(loaded: Package, name: string, client: Client) {
    this.#package = loaded;
    this.#name = name;
    this.#client = client;
  }

  static async open({ load, name }: SdkPackage, address: ServiceAddress): Promise<SdkClient> {
    const loaded = await load();
    const Constructor = loaded[`${name}Client`] as new (options: object) => Client;
    const client = new Constructor({
      ...clientOptions(address),
      forcePathStyle: true,
      // A recorded GetObject asks for no checksum.
      responseChecksumValidation: "WHEN_REQUIRED",
    });
    return new SdkClient(loaded, name, client);
  }

  hasOperation(operation: string): boolean {
    return `${operation}Command` in this.#package;
  }

  faults(operation: string, parameters: JsonObject, names: Names): readonly string[] {
    return parameterFaults(this.#schemaOf(operation, INPUT), parameters, names);
  }

  async call(
    operation: string,
    parameters: JsonObject,
    abortSignal: AbortSignal,
    names: Names,
  ): Promise<ServiceAnswer> {
    const command = this.#command(operation, toSdk(this.#schemaOf(operation, INPUT), parameters, names));
    let response: unknown;
    command.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        ({ response } = answer);
        return answer;
      },
      { step: "deserialize", priority: "high" },
    );
    try {
      const { $metadata, ...output } = await this.#client.send(command, { abortSignal });
      const { requestId } = $metadata as { requestId?: string };
      return {
        output: await fromSdk(this.#schemaOf(operation, OUTPUT), output, names),
        http: httpAnswer(response, requestId ?? ""),
      };
    } catch (error) {
      throw this.#isAnswer(error) ? this.#fault(error, operation) : error;
    }
  }

  close(): void {
    this.#client.destroy();
  }

  #command(operation: string, input: unknown): Command {
    const Constructor = this.#package[`${operation}Command`] as new (input: unknown) => Command;
    return new Constructor(input);
  }

  #schemaOf(operation: string, side: typeof INPUT | typeof OUTPUT): Schema {
    return this.#command(operation, {}).schema?.[side] as Schema;
  }

  #isAnswer(error: unknown): error is SdkError {
    const Base = this.#package[`${this.#name}ServiceException`] as new () => Error;
    return error instanceof Base;
  }

  #fault(error: SdkError, operation: string): ServiceFault {
    const Base = this.#package[`${this.#name}ServiceException`];
    const { httpStatusCode = 0, requestId = "", extendedRequestId } = error.$metadata;
    // The answer to a HEAD request has no body to name its error; version 2 for Java takes it from the operation.
    const ofHead = httpStatusCode === 404 ? HEAD_ERRORS[`${this.#name}:${operation}`] : undefined;
    return new ServiceFault({
      code: error.Error?.Code ?? error.Code ?? error.name,
      shape: ofHead ?? (error.constructor === Base ? undefined : error.name),
      // The SDK's own word for an answer without a text.
      message: ofHead !== undefined || error.message === "UnknownError" ? undefined : error.message,
      statusCode: httpStatusCode,
      requestId,
      extendedRequestId,
    });
  }
}

/** Places of input and output in the schema of an operation. */
const INPUT = 4;
const OUTPUT = 5;

const HEAD_ERRORS: Readonly<Record<string, string>> = { "S3:HeadObject": "NoSuchKey", "S3:HeadBucket": "NoSuchBucket" };

function httpAnswer(response: unknown, requestId: string): HttpAnswer {
  const { statusCode = 0, headers = {} } = (response ?? {}) as Partial<Pick<HttpAnswer, "statusCode" | "headers">>;
  return { statusCode, headers, requestId };
}
