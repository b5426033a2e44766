/** `lambda-run queues`: how much waits where, and for how long. */
import { EXIT } from "../../shared/errors.js";
import type { Action } from "../action.js";
import { withQueues } from "../queue-command.js";
import { ageText } from "../render/age.js";
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
