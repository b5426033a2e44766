/** `lambda-run export-event [id]`: an event of the history as a fixture, without its secrets. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { shownNameOf } from "../../config/shown-name.js";
import type { Json } from "../../config/json.js";
import { AppError, EXIT } from "../../shared/errors.js";
import { redact, REDACTED } from "../../stack/history/redact.js";
import { shortId } from "../../stack/history/records.js";
import type { Action } from "../action.js";
import { chooseInvocation, historyOf } from "../history.js";
import { loadProject } from "../project.js";

export const exportEventCommand: Action = async ([id], options) => {
  const project = await loadProject(options);
  const record = chooseInvocation(historyOf(project), id, options);
  const secrets = project.application.secrets.flatMap(({ secretString }) => secretString ?? []);
  const text = `${JSON.stringify(redact(JSON.parse(record.event) as Json, secrets), null, 2)}\n`;
  const name = shownNameOf(record.functionName, project.application.functions);
  const out = options["out"];
  if (out === "-") {
    process.stdout.write(text);
    return EXIT.ok;
  }
  const file =
    typeof out === "string"
      ? out
      : join(project.folder, "fixtures", "events", record.source, `${name}-${shortId(record.id)}.json`);
  if (existsSync(file) && options["force"] !== true)
    throw new AppError("LR1004", {
      what: `${relative(process.cwd(), file)} exists`,
      fix: "Pass --force or another --out.",
    });
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  const note = text.includes(REDACTED) ? " (secrets redacted)" : "";
  process.stdout.write(`${relative(process.cwd(), file)}\n`);
  process.stderr.write(`run it with: lambda-run invoke ${name} --event ${relative(process.cwd(), file)}${note}\n`);
  return EXIT.ok;
};
