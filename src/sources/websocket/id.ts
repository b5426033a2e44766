/** Ids of connections, messages and requests: `PJqB0fHsqRcCHlw=`. */
import { randomUUID } from "node:crypto";
import { extendedId } from "../http/event-v1.js";

export const newId = (): string => extendedId(randomUUID());
export const CONNECTION_ID = /^[A-Za-z0-9_-]{15}=$/;
