/** `lambda-run init`: looks at the folder, writes what is missing, and leaves alone what is there. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AppError, EXIT } from "../../shared/errors.js";
import type { Action } from "../action.js";
import { detectProject, type Detected, type ProjectKind } from "../init/detect.js";
import { FIXTURE, HANDLER, LAUNCH, templateFor, type NewFile } from "../init/files.js";
import { coloursFor } from "../render/colours.js";

/** Projects that are described in a language that is not read here, and the way from there. */
const ELSEWHERE: Partial<Record<ProjectKind, string>> = {
  cdk: "Run `npx cdk synth`, then `lambda-run start --template cdk.out/<Stack>.template.json`.",
  serverless: "Declare the functions in a template.yaml beside it; serverless.yml is not read.",
  terraform: "Declare the functions in a template.yaml beside it; Terraform files are not read.",
};

export const initCommand: Action = (_args, options) => {
  const folder = process.cwd();
  const detected = detectProject(folder);
  const elsewhere = ELSEWHERE[detected.kind];
  if (elsewhere !== undefined && options["force"] !== true)
    throw new AppError("LR2001", {
      what: `This is a ${detected.kind} project, and lambda-run reads SAM and CloudFormation templates`,
      where: join(folder, detected.evidence ?? ""),
      fix: `${elsewhere} (--force writes a template all the same.)`,
    });
  const colours = coloursFor(process.stderr);
  for (const file of filesFor(detected)) {
    const path = join(folder, file.path);
    if (existsSync(path)) {
      process.stderr.write(`${colours.dim("kept ")} ${file.path}\n`);
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.text);
    process.stderr.write(`${colours.green("wrote")} ${file.path}\n`);
  }
  ignoreState(join(folder, ".gitignore"));
  process.stdout.write("next: npx lambda-run start\n");
  return Promise.resolve(EXIT.ok);
};

function filesFor({ kind, handlers }: Detected): readonly NewFile[] {
  if (kind === "template") return [LAUNCH];
  const own = handlers.length === 0 ? [HANDLER, FIXTURE] : [];
  const template = templateFor(handlers.length === 0 ? [HANDLER.path] : handlers);
  return [{ path: "template.yaml", text: template }, ...own, LAUNCH];
}

/** The local state is nobody's to commit. Only where there is such a file, or a repository to have one. */
function ignoreState(path: string): void {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  if (text.split("\n").some((line) => /^\/?\.lambda-run\/?$/.test(line.trim()))) return;
  if (text === "" && !existsSync(join(dirname(path), ".git"))) return;
  writeFileSync(path, `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}.lambda-run/\n`);
  process.stderr.write("added .lambda-run/ to .gitignore\n");
}
