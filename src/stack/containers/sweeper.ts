/**
 * A process that outlives this one by a moment: when its standard input ends, because we closed or were killed, it
 * removes the containers of the session. It stands in for Ryuk, without an image to pull.
 */
import { spawn } from "node:child_process";
import type { EngineTarget } from "./engine.js";

/** Runs in a bare Node: no file of ours has to be found by then. */
const SCRIPT = `
const { target: { secure, ...address }, label } = JSON.parse(process.argv[1]);
const client = require(secure ? "node:https" : "node:http");
const ask = (method, path) => new Promise((done) => {
  const request = client.request({ ...address, method, path, agent: false }, (response) => {
    let text = "";
    response.on("data", (piece) => (text += piece)).on("end", () => done(text));
  });
  request.setTimeout(20_000, () => request.destroy());
  request.on("error", () => done("[]")).end();
});
const sweep = async () => {
  const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
  const found = JSON.parse((await ask("GET", "/containers/json?all=1&filters=" + filters)) || "[]");
  for (const { Id } of Array.isArray(found) ? found : []) await ask("DELETE", "/containers/" + Id + "?force=1&v=1");
  return Array.isArray(found) ? found.length : 0;
};
// A container that was being made when we were killed appears a moment later: look again.
const ended = async () => {
  for (let round = 0; round < 3; round += 1) {
    await sweep();
    await new Promise((done) => setTimeout(done, 500));
  }
  process.exit(0);
};
process.stdin.on("end", ended).on("error", ended).resume();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
`;

export interface Sweeper {
  /** Everything of the session is removed by its owner: there is nothing left to do. */
  dismiss(): void;
  /** A start went wrong half-way: what may yet be made of it is to be removed, now and in a moment. */
  sweep(): void;
}

export function startSweeper(target: EngineTarget, label: string): Sweeper {
  const child = spawn(process.execPath, ["-e", SCRIPT, JSON.stringify({ target, label })], {
    // A group of its own: an interrupt from the terminal must not end it before its work is done.
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: {},
  });
  child.on("error", () => undefined);
  child.unref();
  const { stdin } = child;
  if ("unref" in stdin && typeof stdin.unref === "function") stdin.unref();
  return { dismiss: () => void child.kill("SIGKILL"), sweep: () => void stdin.end() };
}
