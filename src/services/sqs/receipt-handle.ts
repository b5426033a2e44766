/**
 * Receipt handles: which receive of which message of which queue, in 16 encrypted bytes. Nothing is stored for one,
 * and since the key belongs to the state folder, a handle given out before a restart still works after it.
 */
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

export interface Receipt {
  readonly queueNumber: number;
  readonly sequence: number;
  /** When the message is to be seen again by that receive: it tells an old handle from the newest. */
  readonly handleMs: number;
}

const BLOCK_BYTES = 16;
const NUMBER_BYTES = 3;
const SEQUENCE_BYTES = 5;
const TIME_BYTES = 6;
/** Two zero bytes at the end of each block tell a handle of ours from noise. */
const CHECK_BYTES = 2;
const SEQUENCE_AT = NUMBER_BYTES;
const TIME_AT = SEQUENCE_AT + SEQUENCE_BYTES;
const CHECK_AT = TIME_AT + TIME_BYTES;

export class ReceiptHandles {
  readonly #sealer: ReturnType<typeof createCipheriv>;
  readonly #opener: ReturnType<typeof createDecipheriv>;

  /** Each block stands alone, so one cipher serves for the life of the process and ECB leaks nothing. */
  constructor(secret: Buffer) {
    const key = createHash("sha256").update("sqs receipt handles").update(secret).digest().subarray(0, BLOCK_BYTES);
    this.#sealer = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
    this.#opener = createDecipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  }

  /** One handle for each receipt, in one pass of the cipher. */
  seal(receipts: readonly Receipt[]): string[] {
    const plain = Buffer.alloc(receipts.length * BLOCK_BYTES);
    receipts.forEach(({ queueNumber, sequence, handleMs }, index) => {
      const at = index * BLOCK_BYTES;
      plain.writeUIntBE(queueNumber, at, NUMBER_BYTES);
      plain.writeUIntBE(sequence, at + SEQUENCE_AT, SEQUENCE_BYTES);
      plain.writeUIntBE(handleMs, at + TIME_AT, TIME_BYTES);
    });
    const sealed = this.#sealer.update(plain);
    return receipts.map((_, index) => sealed.toString("base64", index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES));
  }

  /** In one pass again, as each costs 1 us. Undefined for text that is no handle of that queue. */
  open(queueNumber: number, handles: readonly string[]): (Receipt | undefined)[] {
    const sealed = handles.map((handle) => Buffer.from(handle, "base64"));
    const plain = this.#opener.update(Buffer.concat(sealed.filter(isBlock)));
    let at = 0;
    return sealed.map((block) => {
      if (!isBlock(block)) return undefined;
      const receipt = readReceipt(plain, at);
      at += BLOCK_BYTES;
      return receipt?.queueNumber === queueNumber ? receipt : undefined;
    });
  }
}

function isBlock(bytes: Buffer): boolean {
  return bytes.length === BLOCK_BYTES;
}

function readReceipt(plain: Buffer, at: number): Receipt | undefined {
  if (plain.readUIntBE(at + CHECK_AT, CHECK_BYTES) !== 0) return undefined;
  return {
    queueNumber: plain.readUIntBE(at, NUMBER_BYTES),
    sequence: plain.readUIntBE(at + SEQUENCE_AT, SEQUENCE_BYTES),
    handleMs: plain.readUIntBE(at + TIME_AT, TIME_BYTES),
  };
}
