// What the display says to an answer: the words of card/messages.py, in either language, and no word more.

import { type Admission, isAdmitted } from "../card/admission.ts";
import { assertNever } from "../card/refusal.ts";
import { SHARE_UNIT } from "../card/tariff.ts";
import { told } from "../view/language.ts";
import { DISPLAY, filled, REFUSALS } from "../view/messages.ts";

const SEPARATOR = " · ";

/** The line on the display: price, companions, and what to do. */
export function display(admission: Admission): string {
  if (admission.reason !== null) return told(REFUSALS[admission.reason]);
  const parts = [price(admission), companions(admission), told(DISPLAY.enter)];
  if (admission.maskedName !== null) parts.push(filled(told(DISPLAY.checkName), admission.maskedName));
  if (!admission.recorded) parts.push(told(DISPLAY.countByHand));
  return parts.join(SEPARATOR);
}

/** The line for a person whom the driver or clerk let in all the same. */
export function overridden(admission: Admission): string {
  const parts = [told(DISPLAY.overridden)];
  if (!admission.recorded) parts.push(told(DISPLAY.countByHand));
  return parts.join(SEPARATOR);
}

/** The same line as its parts, each to stand on a line of its own. */
export function lines(line: string): readonly string[] {
  return line.split(SEPARATOR);
}

function price(admission: Admission): string {
  if (!isAdmitted(admission)) throw new TypeError("a refusal has a reason");
  if (admission.outcome === "free") return told(DISPLAY.free);
  if (admission.outcome === "full") return told(DISPLAY.full);
  return filled(told(DISPLAY.reduced), (admission.share * 100) / SHARE_UNIT);
}

function companions({ companions: count, companionTerms: terms }: Admission): string {
  switch (terms) {
    case "none":
      return told(DISPLAY.alone);
    case "free":
      return filled(told(DISPLAY.companionFree), count);
    case "paying":
      return filled(told(DISPLAY.companionPaying), count);
    case "required":
      return filled(told(DISPLAY.companionRequired), count);
    case "required_paying":
      return filled(told(DISPLAY.companionRequiredPaying), count);
    default:
      return assertNever(terms);
  }
}
