/** The mappings of streams of a stack: of tables and of Kinesis. Each service is loaded when a mapping names a stream of it. */
import type { DynamoDbAdmin } from "../services/dynamodb/index.js";
import type { KinesisAdmin } from "../services/kinesis/index.js";
import type { StateStore } from "../services/kit/state-store.js";
import type { EmbeddedService } from "../services/service.js";
import { parseArn } from "../shared/arn.js";
import type { Bus } from "../shared/bus.js";
import type { MappingKind } from "../sources/mappings/mapping-kind.js";
import { kinesisStream } from "../sources/streams/kinesis-stream.js";
import type { StreamClient } from "../sources/streams/stream-client.js";
import { Positions } from "../sources/streams/positions.js";
import { streamMappings, type StreamMappingOptions } from "../sources/streams/stream-mapping.js";
import { tableStream } from "../sources/streams/table-stream.js";

export interface StreamKindsOptions extends Omit<StreamMappingOptions, "stream" | "positions"> {
  readonly store: () => StateStore;
  readonly bus: Bus;
  readonly service: (name: string) => Promise<EmbeddedService>;
}

export function streamKinds(options: StreamKindsOptions): Readonly<Record<"dynamodb" | "kinesis", MappingKind>> {
  const kind = streamMappings({
    ...options,
    positions: new Positions(options.store),
    stream: (arn, roleArn) => embeddedStream(arn, options, roleArn),
  });
  return { dynamodb: kind, kinesis: kind };
}

/** A stream of the stack by its ARN; undefined when there is none of a table. `roleArn` is of the one who reads. */
export async function embeddedStream(
  arn: string,
  { bus, service, realm }: Pick<StreamKindsOptions, "bus" | "service" | "realm">,
  roleArn: () => string,
): Promise<StreamClient | undefined> {
  if (parseArn(arn)?.service === "dynamodb")
    return tableStream((await service("dynamodb")) as EmbeddedService & DynamoDbAdmin, bus, arn);
  const kinesis = (await service("kinesis")) as EmbeddedService & KinesisAdmin;
  return kinesisStream(arn, { kinesis, bus, region: realm().region, roleArn });
}
