import { rowEncoder } from "../../../src/services/s3/row-codec.js";
import type { AnyVersionRow, ObjectRow } from "../../../src/services/s3/rows.js";

const PLAIN: ObjectRow = {
  seq: 3_651_234_567_890_123,
  versionId: "null",
  modifiedMs: 1_766_666_666_666,
  size: 2048,
  eTag: "d41d8cd98f00b204e9800998ecf8427e",
  body: { kind: "row", id: 7 },
  checksum: { algorithm: "CRC64NVME", value: "AAAAAAAAAAA=", type: "FULL_OBJECT" },
  headers: { "content-type": "binary/octet-stream" },
  metadata: {},
  tags: {},
  storageClass: "STANDARD",
  encryption: "AES256",
};

describe("rows of objects", () => {
  const rows: Record<string, AnyVersionRow> = {
    "of a plain object": PLAIN,
    "of an object of no bytes": { ...PLAIN, size: 0, body: { kind: "empty" } },
    "with a version id and the composite checksum of parts": {
      ...PLAIN,
      versionId: "3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH",
      eTag: "d41d8cd98f00b204e9800998ecf8427e-3",
      checksum: { algorithm: "SHA256", value: "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=-3", type: "COMPOSITE" },
    },
    "with a body in one file": { ...PLAIN, body: { kind: "files", segments: [{ id: "0a1b", size: 2048 }] } },
    "with a body in two files": {
      ...PLAIN,
      body: {
        kind: "files",
        segments: [
          { id: "0a1b", size: 2000 },
          { id: "2c3d", size: 48 },
        ],
      },
    },
    "whose description ends like a plain row": { ...PLAIN, metadata: { note: 'ü, "x",0]' }, tags: { a: ",1]" } },
    "with nothing of its own but a storage class": { ...PLAIN, storageClass: "GLACIER" },
    "of a delete marker": { seq: 5, versionId: "null", modifiedMs: 1_766_666_666_666, deleteMarker: true },
  };

  it.each(Object.entries(rows))("%s come back as they were written", (_, row) => {
    expect(rowEncoder.decode(rowEncoder.encode(row))).toEqual(row);
  });
});
