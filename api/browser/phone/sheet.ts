// Shows a card, masked, and the entitlements with their why, in the server's own plain sentences.

import { element, told } from "../view/language.ts";
import { filled, type Message, PHONE } from "../view/messages.ts";
import type { Entitlement, Holding, Verdict } from "./holding.ts";

const ORDER: readonly (readonly [Verdict, Message])[] = [
  ["ELIGIBLE", PHONE.eligible],
  ["UNDETERMINED", PHONE.undetermined],
  ["NOT_ELIGIBLE", PHONE.notEligible],
];

export function showHolding(holding: Holding): void {
  element("card").replaceChildren(
    ...entry(PHONE.name, holding.maskedName),
    ...entry(PHONE.number, holding.card?.maskedNumber ?? null),
    ...entry(PHONE.validUntil, holding.card?.validUntil ?? null),
  );
  element("entitlements").replaceChildren(
    ...ORDER.map(([verdict, title]) =>
      group(
        title,
        holding.entitlements.filter((each) => each.verdict === verdict),
      ),
    ),
  );
}

function entry(name: Message, value: string | null): readonly HTMLElement[] {
  return value === null ? [] : [made("dt", told(name)), made("dd", value)];
}

function group(title: Message, entitlements: readonly Entitlement[]): HTMLElement {
  const section = made("section");
  section.append(made("h2", told(title)));
  section.append(...(entitlements.length > 0 ? entitlements.map(explained) : [made("p", told(PHONE.none))]));
  return section;
}

function explained(entitlement: Entitlement): HTMLElement {
  const details = made("details");
  const reasons = made("ul");
  for (const { sentence } of entitlement.criteria) reasons.append(made("li", sentence));
  for (const { label } of entitlement.missing) reasons.append(made("li", filled(told(PHONE.missing), label)));
  details.append(made("summary", entitlement.title), reasons);
  return details;
}

function made(tag: string, text = ""): HTMLElement {
  const created = document.createElement(tag);
  created.textContent = text;
  return created;
}
