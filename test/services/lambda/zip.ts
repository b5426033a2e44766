/** Makes a ZIP of stored or packed files, for deployment packages in tests. */
import { crc32, deflateRawSync } from "node:zlib";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const UNIX = 3 << 8;
const REGULAR_FILE = 0o100644;
const DEFLATED = 8;

/** `mode` of all files: a test makes links of them. */
export function zip(
  files: Readonly<Record<string, string | Buffer>>,
  mode = REGULAR_FILE,
  options: { readonly packed?: boolean } = {},
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const whole = Buffer.from(content);
    const bytes = options.packed === true ? deflateRawSync(whole, { level: 1 }) : whole;
    const method = options.packed === true ? DEFLATED : 0;
    const path = Buffer.from(name);
    const sizes = [crc32(whole), bytes.length, whole.length] as const;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(LOCAL, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(method, 8);
    sizes.forEach((size, index) => local.writeUInt32LE(size, 14 + 4 * index));
    local.writeUInt16LE(path.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(CENTRAL, 0);
    central.writeUInt16LE(UNIX | 20, 4);
    central.writeUInt16LE(20, 6);
    central.writeUInt16LE(method, 10);
    sizes.forEach((size, index) => central.writeUInt32LE(size, 16 + 4 * index));
    central.writeUInt16LE(path.length, 28);
    central.writeUInt32LE((mode << 16) >>> 0, 38);
    central.writeUInt32LE(offset, 42);
    parts.push(local, path, bytes);
    directory.push(central, path);
    offset += local.length + path.length + bytes.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  const count = Object.keys(files).length;
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
