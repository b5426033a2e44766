/** Selection expressions, and the sizes of frames as they come in, whatever their pieces. */
import { FrameWatch } from "../../../src/sources/websocket/frame-watch.js";
import { bodyVariables, evaluate } from "../../../src/sources/websocket/selection.js";

test.each([
  ["$request.body.action", { action: "send" }, "send"],
  ["${request.body.action}", { action: "send" }, "send"],
  ["$request.body.a.b", { a: { b: "deep" } }, "deep"],
  ["${request.body.kind}-${request.body.version}", { kind: "x", version: 2 }, "x-2"],
  ["${request.body.version}-beta", { version: false }, "false-beta"],
  ["\\$default", {}, "$default"],
  ["fixed", {}, "fixed"],
  ["$request.body.action", { other: 1 }, undefined],
  ["$request.body.action", { action: null }, undefined],
  ["$request.body.action", { action: ["a"] }, undefined],
  ["$request.body.constructor.name", {}, undefined],
  ["$context.routeKey", { routeKey: "x" }, undefined],
  ["$request.body.action", "no object", undefined],
])("%s of %j is %j", (expression, body, key) => {
  expect(evaluate(expression, bodyVariables(JSON.stringify(body)))).toBe(key);
});

test("what is no JSON has no variables", () => {
  expect(evaluate("$request.body.action", bodyVariables("{"))).toBeUndefined();
});

/** A frame of a client: masked. */
function frame(opcode: number, bytes: number, fin = true): Buffer {
  const head = [(fin ? 0x80 : 0) | opcode];
  const length = Buffer.alloc(bytes < 126 ? 0 : bytes < 65_536 ? 2 : 8);
  if (length.length === 2) length.writeUInt16BE(bytes);
  if (length.length === 8) length.writeBigUInt64BE(BigInt(bytes));
  head.push(0x80 | (length.length === 0 ? bytes : length.length === 2 ? 126 : 127));
  return Buffer.concat([Buffer.from(head), length, Buffer.alloc(4), Buffer.alloc(bytes)]);
}

/** Which frame it is at which the watch says no; in pieces of any size. */
function firstTooLarge(frames: readonly Buffer[], pieceBytes: number): number {
  const watch = new FrameWatch();
  for (const [index, whole] of frames.entries())
    for (let from = 0; from < whole.length; from += pieceBytes)
      if (watch.exceeds(whole.subarray(from, from + pieceBytes))) return index;
  return -1;
}

const KB = 1024;
test.each([1, 3, 7, 1000, 1_000_000])("frames in pieces of %d bytes are measured alike", (pieceBytes) => {
  const sizes = (...bytes: number[]): Buffer[] => bytes.map((size) => frame(1, size));
  expect(firstTooLarge(sizes(0, 5, 125, 126, 32 * KB), pieceBytes)).toBe(-1);
  expect(firstTooLarge(sizes(5, 32 * KB + 1), pieceBytes)).toBe(1);
  expect(firstTooLarge(sizes(70_000), pieceBytes)).toBe(0);
  // One message in many frames, with a ping among them; then another one.
  const piece = frame(0, 32 * KB, false);
  const message = [frame(1, 32 * KB, false), piece, frame(9, 100), piece, frame(0, 32 * KB)];
  expect(firstTooLarge([...message, ...message], pieceBytes)).toBe(-1);
  expect(firstTooLarge([...message.slice(0, -1), piece, frame(0, 1)], pieceBytes)).toBe(5);
});
