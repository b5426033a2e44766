/** `lambda-run queues`: how much waits where, and for how long. */
import { EXIT } from "../../shared/errors.js";
import type { Action } from "../action.js";
import { withQueues } from "../queue-command.js";
import { table } from "../render/table.js";

export const queuesCommand: Action = async (_args, options) => {
  const queues = await withQueues(options, ({ inspector }) => inspector.list());
  if (options["json"] === true) process.stdout.write(`${JSON.stringify(queues)}\n`);
  else if (queues.length === 0) process.stderr.write("there are no queues\n");
  else {
    const rows = queues.map(({ name, visible, inFlight, delayed, oldestAgeMs, deadLetterQueue }) => [
      name,
      String(visible),
      String(inFlight),
      String(delayed),
      oldestAgeMs === null ? "-" : ageText(oldestAgeMs),
      deadLetterQueue ?? "-",
    ]);
    process.stdout.write(
      table([["QUEUE", "VISIBLE", "IN FLIGHT", "DELAYED", "OLDEST", "DEAD LETTERS GO TO"], ...rows]),
    );
  }
  return EXIT.ok;
};

const SECOND_MS = 1000;
const MINUTE_S = 60;
const HOUR_S = 3600;

/** `12 s`, `3 min`, `5 h`. */
function ageText(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS);
  if (seconds < MINUTE_S) return `${seconds} s`;
  return seconds < HOUR_S ? `${Math.floor(seconds / MINUTE_S)} min` : `${Math.floor(seconds / HOUR_S)} h`;
}
