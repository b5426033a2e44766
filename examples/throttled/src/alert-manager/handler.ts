/**
 * Alarms, as SNS brings them, to people by e-mail. What the mail server will take another time is thrown, and Lambda tries again;
 * what it refuses for good fails, too, and ends in the queue of failures, where an alarm of its own watches.
 */
import { alarmMail, mail, type Alarm } from "./mail.js";
import { sendMail } from "./smtp.js";

interface SnsEvent {
  readonly Records: readonly {
    readonly Sns: {
      readonly MessageId: string;
      readonly Subject?: string | null;
      readonly Message: string;
      readonly Timestamp: string;
    };
  }[];
}

const { SMTP_URL = "", MAIL_FROM = "" } = process.env;
const MAIL_TO = (process.env["MAIL_TO"] ?? "").split(",").map((address) => address.trim());

export async function handler({ Records }: SnsEvent): Promise<void> {
  for (const { Sns } of Records) {
    const options = { from: MAIL_FROM, to: MAIL_TO, messageId: Sns.MessageId, time: Sns.Timestamp };
    const alarm = alarmIn(Sns.Message);
    const message =
      alarm === undefined ? mail(Sns.Subject ?? "Notice", Sns.Message, options) : alarmMail(alarm, options);
    await sendMail(SMTP_URL, { from: MAIL_FROM, to: MAIL_TO, message });
  }
}

/** Undefined for a message that somebody has published by hand. */
function alarmIn(text: string): Alarm | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "AlarmName" in value ? (value as Alarm) : undefined;
  } catch {
    return undefined;
  }
}
