const { spawn, execFileSync } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
let rounds = 0;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
function send(text) {
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), host);
    let answer = "";
    socket.on("data", (data) => (answer += data.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", () => resolve(answer));
    socket.write(text);
    setTimeout(() => socket.destroy(), 100);
  });
}

const tricks = {
  async detach({ mark }) {
    const pids = [];
    for (let i = 0; i < 3; i++) {
      const child = spawn("/bin/sh", ["-c", `trap '' TERM HUP INT; while :; do sleep 0.05; done; : ${mark}`], { detached: true, stdio: "ignore" });
      child.unref();
      pids.push(child.pid);
    }
    return pids.length;
  },
  async detachAndHang(event) {
    await tricks.detach(event);
    process.on("SIGTERM", () => undefined);
    for (;;);
  },
  async print({ megabytes }) {
    const line = `${"x".repeat(1023)}\n`.repeat(1024);
    for (let i = 0; i < megabytes; i++) process.stdout.write(line);
    return megabytes;
  },
  async endlessLine({ megabytes }) {
    const part = "y".repeat(1024 * 1024);
    for (let i = 0; i < megabytes; i++) process.stdout.write(part);
    return megabytes;
  },
  async openFiles() {
    const open = [];
    try {
      for (let i = 0; i < 10_000; i++) open.push(fs.openSync("/dev/null", "r"));
      return "no limit";
    } catch (error) {
      return { code: error.code, many: open.length > 900 && open.length < 1024 };
    } finally {
      for (const fd of open) fs.closeSync(fd);
    }
  },
  async garbage() {
    return [await send("\x16\x03\x01garbage\r\n\r\n"), await send("POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf")].map((answer) => answer.split("\r\n")[0]);
  },
  async answersTwice(event, context) {
    const path = `/2018-06-01/runtime/invocation/${context.awsRequestId}/response`;
    return (await send(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"by hand"`)).split("\r\n")[0];
  },
  async stealsNext() {
    return (await send("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n")).split("\r\n")[0];
  },
  async fillsTmp() {
    try {
      fs.writeFileSync("/tmp/full", Buffer.alloc(600 * 1024 * 1024));
      return "no limit";
    } catch (error) {
      return error.code;
    }
  },
  async writesEverywhere() {
    const tried = ["/var/task/x", "/opt/x", "/usr/x", "/etc/x", "/root/x", "/home/x", "/x"];
    return Object.fromEntries(tried.map((path) => [path, attempt(() => fs.writeFileSync(path, ""))]));
  },
  async replacesStdout() {
    process.stdout.write = () => true;
    console.log("still logged");
    return "fine";
  },
  async neverReads() {
    // Takes the event's bytes for granted and looks at nothing.
    return "did not look";
  },
  async forks() {
    return execFileSync("/bin/sh", ["-c", "for i in 1 2 3 4 5 6 7 8; do sleep 30 >/dev/null & done; echo started"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  },
};

function attempt(work) {
  try {
    work();
    return "written";
  } catch (error) {
    return error.code;
  }
}

exports.handler = async (event, context) => {
  rounds += 1;
  return event.trick === undefined ? rounds : tricks[event.trick](event, context);
};
