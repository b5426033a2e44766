import { basename } from "node:path";
const loaded = await Promise.resolve("awaited at the top");
export const handler = async () => `${loaded} of ${basename(import.meta.url)}`;
