/** The room that a one-shot command begins before its services: used once, by its own code alone, or ended. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FunctionConfig } from "../../src/config/function-config.js";
import { cacheFolder } from "../../src/runtime/cache-folder.js";
import { CodeSlot } from "../../src/runtime/code-slot.js";
import { EarlyRoom, type EarlyRoomOptions } from "../../src/runtime/early-room.js";
import { noImages } from "../../src/runtime/images.js";
import { leave } from "../../src/runtime/ahead/handover.js";
import { readNote } from "../../src/runtime/ahead/note.js";
import { prepareCode } from "../../src/runtime/prepared-code.js";
import type { Sandbox, SandboxProcess } from "../../src/runtime/sandbox/sandbox.js";
import { NO_ROOMS } from "../no-rooms.js";
import { itUnless } from "../unless.js";
import { bodyOf, FunctionHost, TIERS, tierName } from "./function-host.js";
import { roomIds } from "./room-ids.js";

const cache = cacheFolder(join(__dirname, "..", ".."));
const folder = mkdtempSync(join(tmpdir(), "lambda-run-early-"));
chmodSync(folder, 0o755);
const namer = new FunctionHost();
const hosts: FunctionHost[] = [];
const earlyRooms: EarlyRoom[] = [];
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  await Promise.all(earlyRooms.map((room) => room.close()));
  rmSync(folder, { recursive: true, force: true });
});

function openFor(config: FunctionConfig, options: Partial<EarlyRoomOptions> = {}): EarlyRoom {
  const room = EarlyRoom.open(config, { cache, faithfulCpu: false, ...options });
  if (room === undefined) throw new Error("no room was opened");
  earlyRooms.push(room);
  return room;
}

function hostWith(earlyRoom: EarlyRoom, options: Pick<EarlyRoomOptions, "sandboxTier"> = {}): FunctionHost {
  const host = new FunctionHost({ earlyRoom, ...options });
  hosts.push(host);
  return host;
}

/** Resolves when the room has been begun; asking with other code leaves it where it is. */
async function begun(room: EarlyRoom, config: FunctionConfig): Promise<void> {
  expect(await room.takeRoom(await prepareCode(config, cache, noImages))).toBeUndefined();
}

/** Of the environment that served an event. */
async function idOf(host: FunctionHost, config: FunctionConfig): Promise<string> {
  const { logStream } = bodyOf(await host.invoke(config, { ms: 50 })) as { logStream: string };
  return logStream.slice(logStream.indexOf("]") + 1);
}

test.each(TIERS.map((tier) => [tierName(tier), tier === undefined ? {} : { sandboxTier: tier }] as const))(
  "the first environment stands in it, the next in one of its own (%s tier)",
  async (_name, options) => {
    const config = namer.function("node", "sleeps.handler");
    const before = roomIds();
    const earlyRoom = openFor(config, options);
    await begun(earlyRoom, config);
    const [early, ...more] = roomIds().filter((id) => !before.includes(id));
    expect(more).toEqual([]);
    const host = hostWith(earlyRoom, options);
    const used = await Promise.all([idOf(host, config), idOf(host, config)]);
    expect(used).toContain(early);
    expect(new Set(used).size).toBe(2);
    // Taken, it is no longer the command's to end.
    await earlyRoom.close();
    expect(used).toContain(await idOf(host, config));
  },
);

test("a room that nobody has taken leaves nothing behind", async () => {
  const config = namer.function("node", "sleeps.handler");
  const before = roomIds();
  const earlyRoom = openFor(config);
  await begun(earlyRoom, config);
  expect(roomIds().length).toBe(before.length + 1);
  await earlyRoom.close();
  expect(roomIds()).toEqual(before);
});

test("a function whose code was made anew meanwhile does not stand in the room of the old", async () => {
  const config = namer.function("node", "sleeps.handler");
  const before = roomIds();
  const earlyRoom = openFor(config);
  await begun(earlyRoom, config);
  const early = roomIds().find((id) => !before.includes(id));
  const host = hostWith(earlyRoom);
  await host.host.renew(config);
  expect(await idOf(host, config)).not.toBe(early);
});

test("another function gets neither its code nor its room", async () => {
  const earlyRoom = openFor(namer.function("node", "sleeps.handler"));
  const host = hostWith(earlyRoom);
  expect(bodyOf(await host.invoke(namer.function("node", "counts.handler")))).toBe(1);
});

test("code that does not build is the invocation's error, and is built again for the next", async () => {
  const file = join(folder, "broken.ts");
  writeFileSync(file, "export const handler = async () => {");
  const code: FunctionConfig["code"] = { kind: "bundle", root: folder, handlerFile: "broken", build: { external: [] } };
  const config = namer.function("node", "broken.handler", { code });
  const earlyRoom = openFor(config);
  const host = hostWith(earlyRoom);
  await expect(host.invoke(config)).rejects.toMatchObject({
    code: "LR3001",
    where: expect.stringContaining("broken.ts:1") as string,
  });
  await earlyRoom.close();
  writeFileSync(file, "export const handler = async () => 7;");
  expect(bodyOf(await host.invoke(config))).toBe(7);
});

/** A room that is begun ahead and not taken is ended, and the function gets another. */
async function isNotTaken(ready: Promise<void>, slot?: CodeSlot): Promise<void> {
  ready.catch(() => undefined); // until it is asked for
  const config = namer.function("node", "sleeps.handler");
  const file = join(folder, "note.json");
  const first = openFor(config, { noteFile: file });
  const before = await idOf(hostWith(first), config);
  await first.close();
  const note = readNote(file);
  if (note === undefined) throw new Error("nothing was noted");
  // Of a sandbox only what is asked of one that is not taken.
  let ended = 0;
  const sandbox = { ready, destroy: async () => void ended++ } as Partial<Sandbox> as Sandbox;
  leave({ note, room: { id: "begun", sandbox, slot }, runtime: {} as SandboxProcess });
  const second = openFor(config, { noteFile: file });
  expect(["begun", before]).not.toContain(await idOf(hostWith(second), config));
  await second.close();
  expect(ended).toBe(1);
}

itUnless(NO_ROOMS)("a room that was begun ahead and could not be built is ended, and the function gets another", () =>
  isNotTaken(Promise.reject(new Error("mount: permission denied"))),
);

itUnless(NO_ROOMS)(
  "a room that was begun ahead and cannot take the code is ended, and the function gets another",
  () => {
    // Somebody has emptied the cache.
    const slot = new CodeSlot(folder);
    slot.remove();
    return isNotTaken(Promise.resolve(), slot);
  },
);

test("an image has none: its room is a container's", () => {
  const config = namer.function("node", "counts.handler", { code: { kind: "image", uri: "app:latest" } });
  expect(EarlyRoom.open(config, { cache, faithfulCpu: false })).toBeUndefined();
});
