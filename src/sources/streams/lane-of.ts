/** Which of the batches that run at a time a partition key belongs to: always the same one. */
import { createHash } from "node:crypto";

export const laneOf = (partitionKey: string, lanes: number): number =>
  lanes === 1 ? 0 : createHash("md5").update(partitionKey).digest().readUInt32BE(0) % lanes;
