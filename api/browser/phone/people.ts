// Who can be played, and the codes that WeChat would give this person's phone: all of it from the demo's stand-in.

import { postJson, ServerUnreachable } from "./server.ts";

const SANDBOX = "/sandbox/wechat";

/** A made-up person of the demo: herself, or a guardian with the name of her ward. */
export interface Person {
  readonly openid: string;
  readonly name: string;
  readonly phone: string;
  readonly cardNumber: string;
  readonly ward: string | null;
}

export async function people(): Promise<readonly Person[]> {
  try {
    const answer = await fetch(`${SANDBOX}/people`, { cache: "no-store" });
    if (answer.ok) return (await answer.json()) as readonly Person[];
  } catch (error) {
    throw new ServerUnreachable("no answer", { cause: error });
  }
  return [];
}

/** What wx.login gives. */
export async function loginCode(person: Person): Promise<string> {
  return newCode({ kind: "login", openid: person.openid });
}

/** What the button that asks for the phone number gives. */
export async function phoneCode(person: Person): Promise<string> {
  return newCode({ kind: "phone", phone: person.phone });
}

async function newCode(wish: Record<string, string>): Promise<string> {
  const { code } = (await postJson(`${SANDBOX}/codes`, wish)) as { code: string };
  return code;
}
