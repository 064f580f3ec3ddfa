// The demo phone's page: play one of the made-up people, and hold her code to a scanner. Not part of any product.

import { generateKey } from "../card/cose.ts";
import { button, chosenLanguage, element, told } from "../view/language.ts";
import { filled, PHONE } from "../view/messages.ts";
import { begin, showProblem } from "../view/page.ts";
import { Code } from "./code.ts";
import { Account } from "./holding.ts";
import { people, type Person } from "./people.ts";
import { Refused, ServerUnreachable } from "./server.ts";
import { showHolding } from "./sheet.ts";
import { type Content, Wallet } from "./wallet.ts";

class Phone {
  private readonly wallet: Wallet;
  private readonly code = new Code(element<HTMLCanvasElement>("code"), () => showProblem(told(PHONE.ended)));
  private content: Content | null = null;

  constructor(wallet: Wallet) {
    this.wallet = wallet;
  }

  async start(): Promise<void> {
    button("other").addEventListener("click", () => void this.leave());
    this.content = await this.wallet.content();
    if (this.content === null) {
      await this.choose();
      return;
    }
    this.show(this.content);
    // A phone with a valid pass needs no network; where there is one, everything is fetched anew.
    await this.play(this.content.person);
  }

  /** Tell everything again, in the language that was chosen just now. */
  async tellAgain(): Promise<void> {
    if (this.content === null) await this.choose();
    else await this.play(this.content.person);
  }

  private async choose(): Promise<void> {
    try {
      const known = await people();
      showProblem(known.length > 0 ? null : told(PHONE.nobody));
      element("people").replaceChildren(...known.map((person) => this.choice(person)));
    } catch (error) {
      if (!(error instanceof ServerUnreachable)) throw error;
      showProblem(told(PHONE.away));
    }
    element("holding").hidden = true;
    element("choosing").hidden = false;
  }

  private choice(person: Person): HTMLElement {
    const chosen = document.createElement("button");
    chosen.type = "button";
    chosen.textContent =
      person.ward === null ? person.name : filled(told(PHONE.guardianOf), person.name, person.ward);
    chosen.addEventListener("click", () => void this.play(person));
    return chosen;
  }

  private async play(person: Person): Promise<void> {
    try {
      const account = await Account.open(person);
      const key = this.content?.key ?? (await generateKey());
      const [pass, holding] = [await account.pass(key), await account.holding(chosenLanguage())];
      this.content = { person, key, ...pass, holding };
    } catch (error) {
      if (error instanceof Refused) showProblem(error.message);
      else if (!(error instanceof ServerUnreachable)) throw error;
      else if (this.content === null) showProblem(told(PHONE.away));
      return;
    }
    await this.wallet.keep(this.content);
    showProblem(null);
    this.show(this.content);
  }

  private show(content: Content): void {
    element("choosing").hidden = true;
    element("holding").hidden = false;
    showHolding(content.holding);
    this.code.show(content);
  }

  private async leave(): Promise<void> {
    this.code.stop();
    this.content = null;
    await this.wallet.empty();
    await this.choose();
  }
}

let phone: Phone | null = null;

async function start(): Promise<void> {
  phone = new Phone(await Wallet.open());
  await phone.start();
}

void begin(PHONE, () => void phone?.tellAgain(), start);
