/**
 * Alarms that begin or end, as SNS brings them (the subscription lets nothing else through), to people by e-mail. What the mail
 * server will take another time is thrown, and Lambda tries again; what it refuses for good fails, too, and ends in the queue of
 * failures, where an alarm of its own watches.
 */
import { alarmMail, type Alarm } from "./mail.js";
import { sendMail } from "./smtp.js";

interface SnsEvent {
  readonly Records: readonly {
    readonly Sns: {
      readonly MessageId: string;
      readonly Message: string;
      readonly Timestamp: string;
    };
  }[];
}

const { SMTP_URL = "", MAIL_FROM = "" } = process.env;
const MAIL_TO = (process.env["MAIL_TO"] ?? "").split(",").map((address) => address.trim());

export async function handler({ Records }: SnsEvent): Promise<void> {
  for (const { Sns } of Records) {
    const alarm = JSON.parse(Sns.Message) as Alarm;
    const message = alarmMail(alarm, { from: MAIL_FROM, to: MAIL_TO, messageId: Sns.MessageId, time: Sns.Timestamp });
    await sendMail(SMTP_URL, { from: MAIL_FROM, to: MAIL_TO, message });
  }
}
