/** Finds the function that a person means: by logical id, name, ARN, or the folder that its code lies in. */
import { basename, dirname, join } from "node:path";
import { AppError } from "../shared/errors.js";
import type { Application } from "./application.js";
import type { FunctionConfig } from "./function-config.js";
import { didYouMean } from "./nearest.js";

/** The folder of the handler and the folder of the package: `manifest` for src/functions/manifest/handler.ts. */
function foldersOf({ code }: FunctionConfig): readonly string[] {
  if (code.kind === "image") return code.build === undefined ? [] : [basename(code.build.context)];
  const root = basename(code.root);
  if (code.kind === "folder") return code.origin === undefined ? [root] : [];
  return [root, basename(dirname(join(code.root, code.handlerFile)))];
}

/** Each way of naming, from the most to the least exact. */
const WAYS: readonly ((fn: FunctionConfig) => readonly string[])[] = [
  (fn) => [fn.logicalId],
  (fn) => [fn.name],
  (fn) => [fn.arn],
  foldersOf,
];

const lower = (text: string): string => text.toLowerCase();

type Searched = Pick<Application, "functions" | "sourceFile"> & Partial<Pick<Application, "stateMachines">>;

/** Throws LR1001 when no function, or more than one, is meant. */
export function findFunction({ functions, stateMachines = [], sourceFile }: Searched, text: string): FunctionConfig {
  // `name:alias` and ARNs with a qualifier mean the function itself.
  const wanted = text
    .replace(/^\d{12}:function:/, "")
    .replace(/^(arn:[^:]*:lambda:[^:]*:\d*:function:[^:]+|[\w-]+):[\w$-]+$/, "$1");
  for (const spelled of [(word: string) => word, lower]) {
    for (const namesOf of WAYS) {
      const found = functions.filter((fn) => namesOf(fn).some((name) => spelled(name) === spelled(wanted)));
      const [first] = found;
      if (first && found.length === 1) return first;
      if (first) throw ambiguous(text, found);
    }
  }
  const where = sourceFile === undefined ? {} : { where: sourceFile };
  const machine = stateMachines.find(({ logicalId, name, arn }) => [logicalId, name, arn].includes(text));
  if (machine !== undefined)
    throw new AppError("LR1001", {
      what: `"${text}" is a state machine, not a function`,
      ...where,
      fix: `Run it with \`lambda-run execute ${machine.logicalId}\`.`,
    });
  if (functions.length === 0) {
    throw new AppError("LR1001", {
      what: `There is no function "${text}": no functions are declared`,
      ...where,
      fix: "Declare one in template.yaml, or pass the path of a handler file.",
    });
  }
  const names = functions.flatMap((fn) => [fn.logicalId, fn.name, ...foldersOf(fn)]);
  const known = functions.map((fn) => fn.logicalId);
  throw new AppError("LR1001", {
    what: `There is no function "${text}".${didYouMean(text, names)}`,
    ...where,
    fix: `Use one of: ${known.join(", ")}.`,
  });
}

function ambiguous(text: string, found: readonly FunctionConfig[]): AppError {
  const ids = found.map((fn) => fn.logicalId).join(", ");
  return new AppError("LR1001", { what: `"${text}" means more than one function: ${ids}`, fix: "Use the logical id." });
}
