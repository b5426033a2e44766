/** `lambda-run inbox`: the mails of the running stack, or of the state folder. */
import type { Mail } from "../../services/mail/index.js";
import { AppError, EXIT } from "../../shared/errors.js";
import { printable, printableLines } from "../../shared/printable.js";
import { inboxOf } from "../../stack/inbox.js";
import { shortId } from "../../stack/history/records.js";
import { Stack } from "../../stack/stack.js";
import type { Action } from "../action.js";
import { lookingStack } from "../command-stack.js";
import { loadProjectToRun } from "../project.js";
import { table } from "../render/table.js";

export const inboxCommand: Action = async ([wanted = ""], options) => {
  const project = await loadProjectToRun(options);
  const stack = await Stack.start(lookingStack(project, options));
  const json = options["json"] === true;
  try {
    const inbox = inboxOf(stack);
    if (options["clear"] === true) {
      const deleted = await inbox.clear();
      process.stdout.write(json ? `${JSON.stringify({ deleted })}\n` : `${deleted} mails deleted\n`);
      return EXIT.ok;
    }
    const all = await inbox.list();
    const mails = wanted === "" ? all : [find(all, wanted)];
    if (json) process.stdout.write(`${JSON.stringify(wanted === "" ? mails : mails[0])}\n`);
    else if (wanted !== "") process.stdout.write(mails.map(whole).join(""));
    else if (mails.length === 0) process.stderr.write("the inbox is empty\n");
    else process.stdout.write(table([["ID", "TIME", "TO", "SUBJECT"], ...mails.map(row)]));
    return EXIT.ok;
  } finally {
    await stack.close();
  }
};

function find(mails: readonly Mail[], wanted: string): Mail {
  const mail = mails.find(({ id }) => id.startsWith(wanted));
  if (mail !== undefined) return mail;
  throw new AppError("LR1004", {
    what: `There is no mail "${wanted}"`,
    fix: "Run `lambda-run inbox` to see them all.",
  });
}

const timeOf = ({ timeMs }: Mail): string => new Date(timeMs).toISOString().replace(/\.\d+Z$/, "Z");
const row = (mail: Mail): string[] => [shortId(mail.id), timeOf(mail), mail.to.join(", "), mail.subject].map(printable);

function whole(mail: Mail): string {
  const { from, to, subject, text } = mail;
  const head = { From: from, To: to.join(", "), Time: timeOf(mail), Subject: subject };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${printable(value)}`);
  return `${lines.join("\n")}\n\n${printableLines(text)}\n`;
}
