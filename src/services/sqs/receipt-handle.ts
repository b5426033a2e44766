/**
 * Receipt handles: which receive of which message of which queue, in 16 encrypted bytes. Nothing is stored for one,
 * and since the key belongs to the state folder, a handle given out before a restart still works after it.
 */
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";

export interface Receipt {
  readonly queueNumber: number;
  readonly sequence: number;
  /** The message's receive count when the handle was made: it tells an old handle from the newest. */
  readonly receiveCount: number;
}

const BLOCK_BYTES = 16;
/** Three zero bytes at the end of each block tell a handle of ours from noise. */
const CHECK_OFFSET = 13;
const MAX_COUNT = 0xff_ff_ff;

export class ReceiptHandles {
  readonly #key: Buffer;

  constructor(secret: Buffer) {
    this.#key = createHash("sha256").update("sqs receipt handles").update(secret).digest().subarray(0, BLOCK_BYTES);
  }

  /** One handle for each receipt; one pass of the cipher for all. Blocks are single, so ECB leaks nothing here. */
  seal(receipts: readonly Receipt[]): string[] {
    const plain = Buffer.alloc(receipts.length * BLOCK_BYTES);
    receipts.forEach((receipt, index) => {
      const at = index * BLOCK_BYTES;
      plain.writeUInt32BE(receipt.queueNumber, at);
      plain.writeUIntBE(receipt.sequence, at + 4, 6);
      plain.writeUIntBE(Math.min(receipt.receiveCount, MAX_COUNT), at + 10, 3);
    });
    const sealed = createCipheriv("aes-128-ecb", this.#key, null).setAutoPadding(false).update(plain);
    return receipts.map((_, index) => sealed.toString("base64", index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES));
  }

  /** Undefined for text that is no handle of this state folder. */
  open(handle: string): Receipt | undefined {
    const sealed = Buffer.from(handle, "base64");
    if (sealed.length !== BLOCK_BYTES) return undefined;
    const plain = createDecipheriv("aes-128-ecb", this.#key, null).setAutoPadding(false).update(sealed);
    if (plain.readUIntBE(CHECK_OFFSET, 3) !== 0) return undefined;
    return {
      queueNumber: plain.readUInt32BE(0),
      sequence: plain.readUIntBE(4, 6),
      receiveCount: plain.readUIntBE(10, 3),
    };
  }
}
