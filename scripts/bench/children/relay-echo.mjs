/** The function of relay-server.mjs: sends back what it gets, until its supervisor is gone. */
import { connect } from "node:net";
import { framed, unframed } from "../kit/frames.mjs";

const socket = connect({ host: "127.0.0.1", port: Number(process.argv[2]), noDelay: true });
socket.on(
  "data",
  unframed((body) => socket.write(framed(body))),
);
socket.on("error", () => process.exit());
socket.on("close", () => process.exit());
