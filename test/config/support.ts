/** Templates as texts in a folder of their own, and errors as values. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Application } from "../../src/config/application.js";
import { readTemplate } from "../../src/config/template/read-template.js";
import type { TemplateOptions } from "../../src/config/template/read-template.js";
import { AppError } from "../../src/shared/errors.js";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with these files, removed after the tests. */
export function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-config-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const REALM = { region: "eu-central-1", accountId: "123456789012" };

/** The application of `template`, beside which `files` lie. */
export function read(
  template: string,
  options: Partial<TemplateOptions> = {},
  files: Readonly<Record<string, string>> = {},
): Application {
  const folder = folderWith({
    "template.yaml": template,
    "src/app.ts": "export const handler = async () => 1;",
    ...files,
  });
  const file = join(folder, "template.yaml");
  return readTemplate({ file, realm: REALM, stackName: "shop", generatedFolder: join(folder, "code"), ...options })
    .application;
}

/** The error that `work` throws; fails when it throws none of ours. */
export function errorOf(work: () => unknown): AppError {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("expected an AppError");
}

export async function rejectionOf(work: () => Promise<unknown>): Promise<AppError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("expected an AppError");
}

/** `Resources:` with one function `Fn`, to whose properties and to which resources texts are added. */
export function withFunction(properties = "", resources = "", head = ""): string {
  return `${head}
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: nodejs22.x
${indent(properties, 6)}
${indent(resources, 2)}
`;
}

export const indent = (text: string, spaces: number): string => text.replace(/^(?=.)/gm, " ".repeat(spaces));

/** Line and column of `needle` in `text`, counted from 1, as errors show them. */
export function placeIn(text: string, needle: string): string {
  const before = text.slice(0, text.indexOf(needle)).split("\n");
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}
