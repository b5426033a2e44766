/** Messages on a stream: four bytes of length, then the bytes. */
const LENGTH_BYTES = 4;

export function framed(body) {
  const message = Buffer.allocUnsafe(LENGTH_BYTES + body.length);
  message.writeUInt32BE(body.length, 0);
  body.copy(message, LENGTH_BYTES);
  return message;
}

/** A listener for `data` that calls back with each whole message. */
export function unframed(onMessage) {
  let held = Buffer.alloc(0);
  return (data) => {
    held = held.length === 0 ? data : Buffer.concat([held, data]);
    while (held.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + held.readUInt32BE(0);
      if (held.length < end) return;
      const message = held.subarray(LENGTH_BYTES, end);
      held = held.subarray(end);
      onMessage(message);
    }
  };
}
