/** The mappings of streams of a stack: of tables and of Kinesis. Each service is loaded when a mapping names a stream of it. */
import type { DynamoDbAdmin } from "../services/dynamodb/index.js";
import type { KinesisAdmin } from "../services/kinesis/index.js";
import type { StateStore } from "../services/kit/state-store.js";
import type { EmbeddedService } from "../services/service.js";
import type { Bus } from "../shared/bus.js";
import type { MappingKind } from "../sources/mappings/mapping-kind.js";
import { kinesisStream } from "../sources/streams/kinesis-stream.js";
import { Positions } from "../sources/streams/positions.js";
import { streamMappings, type StreamMappingOptions } from "../sources/streams/stream-mapping.js";
import { tableStream } from "../sources/streams/table-stream.js";

export interface StreamKindsOptions extends Omit<StreamMappingOptions, "stream" | "positions"> {
  readonly store: () => StateStore;
  readonly bus: Bus;
  readonly service: (name: string) => Promise<EmbeddedService>;
}

export function streamKinds(options: StreamKindsOptions): Readonly<Record<"dynamodb" | "kinesis", MappingKind>> {
  const { store, bus, service, realm } = options;
  const shared = { ...options, positions: new Positions(store) };
  return {
    dynamodb: streamMappings({
      ...shared,
      stream: async (arn) => tableStream((await service("dynamodb")) as EmbeddedService & DynamoDbAdmin, bus, arn),
    }),
    kinesis: streamMappings({
      ...shared,
      stream: async (arn, roleArn) => {
        const kinesis = (await service("kinesis")) as EmbeddedService & KinesisAdmin;
        return kinesisStream(arn, { kinesis, bus, region: realm().region, roleArn });
      },
    }),
  };
}
