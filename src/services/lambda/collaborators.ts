/**
 * What the Lambda API needs from rooms above it and from sibling services; the stack passes them in. Each is asked for
 * only when a call needs it, so that a stack that uses none of them does not load them.
 */

/** Keeps an event durably and runs the function later. */
export interface AsyncQueue {
  enqueue(
    functionName: string,
    payload: Buffer,
    options: {
      readonly requestId: string;
      /** From then on its age counts. */
      readonly enqueuedMs: number;
      readonly qualifier?: string;
      readonly clientContext?: string;
      readonly traceHeader?: string;
    },
  ): Promise<void>;
}

/** Reads a deployment package from S3, or says in S3's word why there is none. */
export type ObjectReader = (
  bucket: string,
  key: string,
  versionId: string | undefined,
) => Promise<Buffer | "NoSuchKey" | "NoSuchBucket">;

/** What mappings of streams have beside. */
export interface StreamMappingSettings {
  readonly startingPosition: "TRIM_HORIZON" | "LATEST" | "AT_TIMESTAMP";
  /** Milliseconds since the epoch; of AT_TIMESTAMP. */
  readonly startingPositionMs?: number | undefined;
  /** -1 = for ever. */
  readonly maximumRetryAttempts: number;
  /** -1 = as long as the stream keeps them. */
  readonly maximumRecordAgeSeconds: number;
  readonly bisectBatchOnFunctionError: boolean;
  readonly parallelizationFactor: number;
  readonly tumblingWindowSeconds: number;
  readonly onFailureArn: string | undefined;
}

/** An event source mapping, as the API takes it. */
export interface MappingSettings {
  readonly eventSourceArn: string;
  readonly functionName: string;
  readonly qualifier: string | undefined;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly maximumBatchingWindowSeconds: number;
  readonly reportBatchItemFailures: boolean;
  /** JSON texts; empty = everything passes. */
  readonly filterPatterns: readonly string[];
  readonly maximumConcurrency: number | undefined;
  /** Absent for queues. */
  readonly stream?: StreamMappingSettings | undefined;
}

export interface Mapping extends MappingSettings {
  readonly uuid: string;
  readonly lastModifiedMs: number;
  /** How the last batch of a stream went. */
  readonly lastProcessingResult?: string;
}

/**
 * The pollers. It keeps the mappings (those of the template and those of the API) and throws `AwsError` for what it
 * does not poll.
 */
export interface MappingManager {
  list(): readonly Mapping[];
  create(settings: MappingSettings): Promise<Mapping>;
  update(uuid: string, settings: MappingSettings): Promise<Mapping>;
  remove(uuid: string): Promise<void>;
}
