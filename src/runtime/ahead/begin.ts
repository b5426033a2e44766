/**
 * A program of its own beside the command line, and loaded before it: begins the room and the Node that the last `invoke` of
 * this function needed, and leaves them where the command line looks for them. Other processes do the work meanwhile.
 */
import { randomBytes } from "node:crypto";
import { CodeSlot } from "../code-slot.js";
import { rememberedSandbox } from "../sandbox/probe.js";
import { leave } from "./handover.js";
import { noteFile, readNote } from "./note.js";

export function beginAhead(folder: string, argv: readonly string[]): void {
  const file = noteFile(folder, argv);
  const note = file === undefined ? undefined : readNote(file);
  if (note === undefined || argv.some((word) => word.startsWith("--inspect"))) return;
  let slot: CodeSlot | undefined;
  try {
    const create = rememberedSandbox(note.tier);
    if (create === undefined) return;
    const { spec, slotCache, command, variables } = note;
    slot = slotCache === undefined ? undefined : new CodeSlot(slotCache);
    const id = randomBytes(16).toString("hex");
    const taskRoot = slot?.folder ?? spec.taskRoot;
    const sandbox = create({ ...spec, taskRoot, id, holdsInput: true });
    const runtime = sandbox.spawn({
      name: "runtime",
      command,
      env: { ...variables, LAMBDA_RUN_AWAITS: "1" },
      awaitsVariables: true,
    });
    leave({ note, room: { id, sandbox, slot }, runtime });
  } catch {
    // Whatever is wrong, the command line comes to it in its own way and tells it.
    slot?.remove();
  }
}
