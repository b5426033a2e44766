/** The inbox: mails of topics and over SMTP, in the process and through the CLI, also after a kill. */
import { once } from "node:events";
import { connect } from "node:net";
import { PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { createStack, type TestStack } from "../../src/index.js";
import { readyOf } from "../ready-line.js";
import { ProjectFolder } from "./cli.js";
import { PATIENT } from "../until.js";

const TOPIC = "arn:aws:sns:us-east-1:000000000000:alerts";
const TEMPLATE = `
Resources:
  Alerts: { Type: AWS::SNS::Topic, Properties: { TopicName: alerts, Subscription: [{ Protocol: email, Endpoint: ops@example.com }] } }
`;

let project: ProjectFolder;
beforeEach(() => {
  project = new ProjectFolder({
    "template.yaml": TEMPLATE,
    "lambda-run.config.json": JSON.stringify({ ports: { gateway: 0, http: 0, smtp: 0 } }),
  });
});
afterEach(() => project.remove());

/** Says lines to the SMTP port, each after the answer to the one before; resolves to the answers. */
async function smtp(port: number, ...lines: readonly string[]): Promise<readonly string[]> {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  const answers: string[] = [];
  const answer = async (): Promise<void> => {
    let text = "";
    while (!/^\d{3} .*\r\n$/m.test(text)) text += ((await once(socket, "data")) as [string])[0];
    answers.push(text.slice(0, 3));
  };
  await answer();
  for (const line of lines) {
    socket.write(`${line}\r\n`, "latin1");
    await answer();
  }
  socket.destroy();
  return answers;
}

describe("in a stack", () => {
  let stack: TestStack;
  afterEach(() => stack.close());

  it("gets what a topic sends to an address, once that was confirmed by the link in a mail; one of the template is from the start", async () => {
    stack = await createStack({ folder: project.folder, clock: new Date("2026-05-06T07:08:09Z") });
    const sns = new SNSClient(stack.clientConfig);
    const subscribed = await sns.send(
      new SubscribeCommand({ TopicArn: TOPIC, Protocol: "email", Endpoint: "new@example.com" }),
    );
    expect(subscribed.SubscriptionArn).toBe("pending confirmation");
    await sns.send(new PublishCommand({ TopicArn: TOPIC, Message: "too early for the second" }));
    const asked = await stack.waitFor(
      async () =>
        (await stack.mails()).find(({ subject }) => subject === "AWS Notification - Subscription Confirmation"),
      PATIENT,
    );
    expect(asked).toMatchObject({ to: ["new@example.com"], from: "no-reply@sns.amazonaws.com" });
    const link = /http\S+/.exec(asked.text)?.[0] ?? "";
    expect((await fetch(link)).status).toBe(200);
    await sns.send(new PublishCommand({ TopicArn: TOPIC, Subject: "Häuser", Message: "now for both" }));
    sns.destroy();
    await stack.waitFor(async () => (await stack.mails()).length === 4, PATIENT);
    const mails = await stack.mails();
    expect(mails.map(({ to, subject }) => `${to.join()}: ${subject}`).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "new@example.com: AWS Notification - Subscription Confirmation",
      "new@example.com: Häuser",
      "ops@example.com: AWS Notification Message",
      "ops@example.com: Häuser",
    ]);
    expect(mails.every(({ timeMs }) => timeMs === Date.parse("2026-05-06T07:08:09Z"))).toBe(true);
    expect(mails.at(-1)?.text).toMatch(/^now for both\n/);
    await stack.reset();
    expect(await stack.mails()).toEqual([]);
  });

  it("keeps a mail of parts in parts without end", async () => {
    stack = await createStack({ folder: project.folder });
    const parts = Array.from(
      { length: 5000 },
      (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}`,
    );
    const mail = ["Subject: deep", ...parts, "", "text", "."].join("\r\n");
    const answers = await smtp(stack.stack.smtpPort ?? 0, "HELO me", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", mail);
    expect(answers.at(-1)).toBe("250");
    expect(await stack.mails()).toMatchObject([{ subject: "deep", text: "" }]);
  });

  it("takes mail over SMTP, and shows subject and text whatever they were packed in", async () => {
    stack = await createStack({ folder: project.folder });
    const port = stack.stack.smtpPort ?? 0;
    const parts = [
      "Subject: =?utf-8?B?w5xi?=\r\n =?utf-8?Q?er_alles?=",
      "Content-Type: multipart/alternative; boundary=x",
      "",
      "--x",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: quoted-printable",
      "",
      "a=C3=A4 long =",
      "line",
      "--x",
      "Content-Type: text/html",
      "",
      "<b>no</b>",
      "--x--",
    ].join("\r\n");
    const answers = await smtp(
      port,
      "EHLO me",
      "AUTH LOGIN",
      "dQ==",
      "cA==",
      "DATA",
      "MAIL FROM:<a@b> SIZE=100",
      "RCPT TO:<c@d>",
      "RCPT TO:<e@f>",
      "DATA",
      `${parts}\r\n.`,
      "MAIL FROM:<a@b>",
      "RCPT TO:<c@d>",
      "DATA",
      `Subject: ${Buffer.from("plän").toString("latin1")}\r\n\r\n..dot\r\nend\r\n.`,
      "VRFY x",
      "QUIT",
    );
    expect(answers.join(" ")).toBe("220 250 334 334 235 503 250 250 250 354 250 250 250 354 250 502 221");
    expect(await stack.mails()).toMatchObject([
      { from: "a@b", to: ["c@d", "e@f"], subject: "Über alles", text: "aä long line" },
      { from: "a@b", to: ["c@d"], subject: "plän", text: ".dot\r\nend" },
    ]);
  });
});

it("is shown and emptied by the CLI beside a running stack, and outlives a kill", async () => {
  const child = project.spawn(["start", "--json"]);
  child.stderr.resume();
  const ended = once(child, "close");
  const { smtpPort } = (await readyOf(child.stdout)) as unknown as { readonly smtpPort: number };
  await smtp(smtpPort, "HELO me", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA", "Subject: first\r\n\r\nwords\r\n.");
  const beside = await project.run(["inbox"]);
  expect(beside.stdout).toMatch(/^ID +TIME +TO +SUBJECT\n\w{8} +\S+Z +c@d +first\n$/);
  child.kill("SIGKILL");
  await ended;

  const { stdout } = await project.run(["inbox", "--json"]);
  const [mail] = JSON.parse(stdout) as readonly { readonly id: string; readonly subject: string }[];
  expect(mail).toMatchObject({ subject: "first", text: "words", to: ["c@d"] });
  const whole = await project.run(["inbox", mail?.id.slice(0, 8) ?? ""]);
  expect(whole.stdout).toMatch(/^From: a@b\nTo: c@d\nTime: \S+\nSubject: first\n\nwords\n$/);
  expect(await project.run(["inbox", "nothing"])).toMatchObject({ exitCode: 2 });
  expect((await project.run(["inbox", "--clear"])).stdout).toBe("1 mails deleted\n");
  expect((await project.run(["inbox"])).stderr).toContain("the inbox is empty");
});

it("shows addresses, subject and text of a mail without letting them move the cursor", async () => {
  const evil = "x\u001b[2Jy\u009b31m";
  const stack = await createStack({ folder: project.folder, config: { ephemeral: false } });
  try {
    const subject = `=?utf-8?Q?${evil}=0Az?=`;
    const mail = `Subject: ${subject}\r\nContent-Type: text/plain; charset=latin1\r\n\r\none\ttwo\r\n${evil}\r\n.`;
    const port = stack.stack.smtpPort ?? 0;
    await smtp(port, "HELO me", `MAIL FROM:<${evil}@b>`, `RCPT TO:<${evil}@d>`, "DATA", mail);
  } finally {
    await stack.close();
  }
  const listed = await project.run(["inbox"]);
  // oxlint-disable-next-line no-control-regex -- exactly those must not be there
  const moves = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;
  expect(listed.stdout).not.toMatch(moves);
  const [, row = "", ...more] = listed.stdout.split("\n");
  expect([row.includes("x%1B[2Jy%C2%9B31m@d"), row.endsWith("%0Az"), more]).toEqual([true, true, [""]]);
  const whole = await project.run(["inbox", row.slice(0, 8)]);
  expect(whole.stdout).not.toMatch(moves);
  expect(whole.stdout).toMatch(/^From: x%1B\[2Jy%C2%9B31m@b\nTo: x.*\nTime: .*\nSubject: .*%0Az\n\none {4}two\nx%1B/);
});
