// One line at the foot of the page: whether the device is in touch, what waits, and what somebody should look after.

import type { Contact } from "../card/background.ts";
import type { Device } from "../card/device.ts";
import { localDay, tariffOn } from "../card/tariff.ts";
import { told } from "../view/language.ts";
import { filled, SCANNER } from "../view/messages.ts";

/** `waiting` is how many scans the server does not have yet, null where the storage cannot be read. */
export function stateLine(device: Device, contact: Contact | null, waiting: number | null): string {
  const parts = [inTouch(contact), ...warnings(device)];
  if (waiting === null) parts.push(told(SCANNER.notKept));
  else if (waiting > 0) parts.push(filled(told(SCANNER.waiting), waiting));
  return parts.filter((part) => part !== "").join(" · ");
}

function inTouch(contact: Contact | null): string {
  switch (contact) {
    case null:
      return "";
    case "made":
      return told(SCANNER.online);
    case "unknown_device":
      return told(SCANNER.unknownDevice);
    default:
      return told(SCANNER.offline);
  }
}

function warnings(device: Device): readonly string[] {
  const { clock, trusted } = device;
  const now = clock.read();
  if (trusted === null) return [told(SCANNER.noBundle)];
  const said: string[] = [];
  if (clock.warning || now.state === "unknown") said.push(told(SCANNER.clockOff));
  else if (now.state === "unconfirmed") said.push(told(SCANNER.clockUnconfirmed));
  const tariff = tariffOn(trusted.tariffs, localDay(now.at));
  if (tariff !== null && now.at - trusted.bundle.issuedAt > tariff.staleAfter) said.push(told(SCANNER.stale));
  return said;
}
