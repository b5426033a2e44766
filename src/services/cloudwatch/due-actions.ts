/**
 * What a change of an alarm's state brings about: one action for each ARN that the alarm names for its new state.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
 */
import type { AlarmState } from "../../observe/alarm-state.js";
import type { AlarmAction } from "../../shared/bus.js";
import type { Realm } from "../../shared/arn.js";
import type { AlarmRow } from "./alarm-store.js";
import { alarmNotification } from "./alarm-view.js";

const ACTIONS = { OK: "okActions", ALARM: "alarmActions", INSUFFICIENT_DATA: "insufficientDataActions" } as const;
/** SNS takes no more. */
const MAX_SUBJECT_LENGTH = 100;

export function dueActions(alarm: AlarmRow, former: AlarmState, realm: Realm): AlarmAction[] {
  const actions = alarm.actionsEnabled ? alarm[ACTIONS[alarm.state]] : [];
  if (actions.length === 0) return [];
  const subject = `${alarm.state}: "${alarm.name}" in ${realm.region}`.slice(0, MAX_SUBJECT_LENGTH);
  const message = JSON.stringify(alarmNotification(alarm, former, realm));
  return actions.map((actionArn) => ({ alarmName: alarm.name, actionArn, subject, message }));
}
