/** The mail that tells of an alarm. */

export interface Alarm {
  readonly AlarmName: string;
  readonly AlarmDescription?: string | null;
  readonly NewStateValue: string;
  readonly OldStateValue: string;
  readonly NewStateReason: string;
  readonly StateChangeTime: string;
  readonly Region: string;
  readonly Trigger?: {
    readonly Namespace?: string;
    readonly MetricName?: string;
    readonly Threshold?: number;
    readonly Dimensions?: readonly { readonly name: string; readonly value: string }[];
  };
}

export interface MailOptions {
  readonly from: string;
  readonly to: readonly string[];
  /** Of the notification: the same one delivered twice is one mail to those who look. */
  readonly messageId: string;
  readonly time: string;
}

export function alarmMail(alarm: Alarm, options: MailOptions): string {
  const { Dimensions = [], Namespace = "", MetricName = "", Threshold } = alarm.Trigger ?? {};
  const of = Dimensions.map(({ name, value }) => `${name}=${value}`).join(", ");
  const text = [
    alarm.AlarmDescription ?? "",
    "",
    `${alarm.OldStateValue} -> ${alarm.NewStateValue} at ${alarm.StateChangeTime} in ${alarm.Region}`,
    alarm.NewStateReason,
    "",
    `Metric: ${Namespace} ${MetricName}${of === "" ? "" : ` of ${of}`}${Threshold === undefined ? "" : `, threshold ${Threshold}`}`,
  ].join("\n");
  return mail(`${alarm.NewStateValue}: ${alarm.AlarmName}`, text, options);
}

function mail(subject: string, text: string, { from, to, messageId, time }: MailOptions): string {
  return [
    `From: ${oneLine(from)}`,
    `To: ${to.map(oneLine).join(", ")}`,
    `Subject: ${encodedWords(oneLine(subject))}`,
    `Date: ${new Date(time).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${messageId}@alert-manager>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    // Lines have 998 bytes at most, whatever somebody has written into a description.
    "Content-Transfer-Encoding: base64",
    "",
    ...(Buffer.from(text)
      .toString("base64")
      .match(/.{1,76}/g) ?? []),
  ].join("\r\n");
}

/** A line end in a name would be a header of its own. */
const oneLine = (text: string): string => text.replace(/[\r\n]+/g, " ");

/** RFC 2047: 75 characters a word at most, cut between characters. */
function encodedWords(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const words = [""];
  for (const character of text) {
    if (Buffer.byteLength(`${words.at(-1)}${character}`) > 45) words.push("");
    words[words.length - 1] += character;
  }
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString("base64")}?=`).join("\r\n ");
}
