/** What hangs on one alias or version of a function, and goes with it. */
import type { LambdaContext } from "./context.js";

export async function forgetQualifier(
  { rows, directory }: LambdaContext,
  name: string,
  qualifier: string,
): Promise<void> {
  for (const kind of ["url", "eventInvoke", "policy"] as const) await rows.remove(kind, name, qualifier);
  for (const kind of ["url", "eventInvoke"] as const) await directory.forget(name, `${kind}:${qualifier}`);
  const settings = rows.get("settings", name);
  if (settings === undefined) return;
  const { [qualifier]: _provisioned, ...provisioned } = settings.provisioned ?? {};
  const { [qualifier]: _runtime, ...runtimeManagement } = settings.runtimeManagement ?? {};
  const durable = directory.latest(name)?.fromTemplate !== true;
  await rows.put("settings", name, "", { ...settings, provisioned, runtimeManagement }, { durable });
}
