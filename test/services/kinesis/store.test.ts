/** What stays of a stream that is gone. */
import { KinesisStore, type StreamRow } from "../../../src/services/kinesis/store.js";
import { firstShards } from "../../../src/services/kinesis/shards.js";
import { StateStore } from "../../../src/services/kit/state-store.js";

const NOW_MS = Date.UTC(2026, 10, 21);

test("a deleted stream leaves no rows behind, only the number that the next one does not get", async () => {
  const state = StateStore.ephemeral();
  const store = new KinesisStore(state);
  const rowsOf = (table: string): number => state.table(`kinesis.${table}`, { keyEncoding: "binary" }).getCount();
  const stream = await store.write((): StreamRow => {
    const row: StreamRow = {
      id: store.nextStreamId(),
      name: "gone",
      arn: "arn:aws:kinesis:us-east-1:000000000000:stream/gone",
      mode: "PROVISIONED",
      createdMs: NOW_MS,
      retentionHours: 24,
      maxRecordKiB: 1024,
      metrics: [],
      tags: {},
      shards: firstShards(2, NOW_MS),
      consumers: [],
    };
    store.put(row);
    for (const { number } of row.shards)
      store.append(row, number, { partitionKey: "a", data: Buffer.from("x"), atMs: NOW_MS, encrypted: false });
    return row;
  });
  expect(["streams", "records", "counters"].map(rowsOf)).toEqual([1, 2, 3]);
  await store.write(() => store.remove(stream));
  expect(await store.write(() => store.trim(NOW_MS, 100))).toBe(2);
  expect(["streams", "records", "counters"].map(rowsOf)).toEqual([0, 0, 1]);
  expect(await store.write(() => store.nextStreamId())).toBe(stream.id + 1);
  await state.close();
});
