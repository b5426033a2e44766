/** Whether processes of this machine are alive. */
import { errnoOf } from "./errors.js";

/** Whether a process of that number runs, ours or another user's. */
export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}
